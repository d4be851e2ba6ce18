package feed

import (
	"sync"
	"time"
)

// Metrics counts what a follower does. Its zero value is ready; it may be read from any goroutine.
type Metrics struct {
	lock sync.Mutex
	now  Snapshot
}

// Snapshot is what the metrics say at one moment.
type Snapshot struct {
	// Records were handed on; Repeated came again and were dropped.
	Records  int64 `json:"records"`
	Repeated int64 `json:"repeated"`
	// Holes are records that were refused because one before them never came.
	Holes int64 `json:"holes"`
	// Gaps are told by the feed: records that are no longer kept.
	Gaps int64 `json:"gaps"`
	// Connections were begun with a welcome; Reconnects were tries after the first.
	Connections int64 `json:"connections"`
	Reconnects  int64 `json:"reconnects"`
	Heartbeats  int64 `json:"heartbeats"`
	// Bytes of responses were read.
	Bytes int64 `json:"bytes"`
	// Epoch and Position are the checkpoint; Head is the feed's last known record, Lag how many numbers lie between.
	Epoch    string `json:"epoch"`
	Position int64  `json:"position"`
	Head     int64  `json:"head"`
	Lag      int64  `json:"lag"`
	// Connected tells whether a response is open; LastHeard when a whole line last came.
	Connected bool      `json:"connected"`
	LastHeard time.Time `json:"last_heard"`
}

// Snapshot gives the figures of this moment.
func (m *Metrics) Snapshot() Snapshot {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.now
}

func (m *Metrics) change(by func(now *Snapshot)) {
	m.lock.Lock()
	defer m.lock.Unlock()
	by(&m.now)
	if m.now.Head < m.now.Position {
		m.now.Head = m.now.Position
	}
	m.now.Lag = m.now.Head - m.now.Position
}
