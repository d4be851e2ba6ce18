package feed

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	connectTimeout = 10 * time.Second
	// A server heartbeats at least this often; used until the welcome says how often.
	assumedHeartbeat = 15 * time.Second
	// No server may ask for more patience than this.
	longestHeartbeat    = 5 * time.Minute
	heartbeatsOfSilence = 2.5
)

// watchdog cuts a connection on which no whole line came for too long. Time spent in the handler does not count.
type watchdog struct {
	limit time.Duration
	timer *time.Timer
	bit   int32
}

func newWatchdog(limit time.Duration, cut context.CancelFunc) *watchdog {
	w := &watchdog{limit: limit}
	w.timer = time.AfterFunc(limit, func() {
		atomic.StoreInt32(&w.bit, 1)
		cut()
	})
	return w
}

// allow sets how long silence may last, by the server's heartbeat.
func (w *watchdog) allow(heartbeat time.Duration) {
	w.limit = time.Duration(heartbeatsOfSilence * float64(heartbeat))
}

// listen begins to wait for a line.
func (w *watchdog) listen() { w.timer.Reset(w.limit) }

// heard ends the wait.
func (w *watchdog) heard() { w.timer.Stop() }

// cause gives why a read failed: silence if the watchdog bit, else the read's own error.
func (w *watchdog) cause(err error) error {
	if atomic.LoadInt32(&w.bit) == 1 {
		return fmt.Errorf("feed: nothing heard for %s", w.limit)
	}
	return err
}

// heartbeatOf reads what a welcome says about heartbeats.
func heartbeatOf(seconds float64) time.Duration {
	switch {
	case seconds <= 0:
		return assumedHeartbeat
	case seconds > longestHeartbeat.Seconds():
		return longestHeartbeat
	default:
		return time.Duration(seconds * float64(time.Second))
	}
}
