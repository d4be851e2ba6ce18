package feed

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Record is one fact of a case, as the feed says it.
type Record struct {
	// Number is its place on the client's feed, from 1.
	Number int64
	// Prev is the record before it on this partition or case; nil when only some kinds are followed.
	Prev *int64
	// Cursor is the feed's own name for the checkpoint after this record.
	Cursor string
	// Kind says what Data holds, such as check or decision.
	Kind string
	// Case is the id of the case, and Reference the client's own name for it.
	Case, Reference string
	// Live tells a live case from a test.
	Live bool
	// RecordedAt is RFC 3339 in UTC.
	RecordedAt string
	// Final tells that no later record is expected for this fact.
	Final bool
	// Data is JSON, by Kind.
	Data json.RawMessage
	// Line is the whole frame as it came, without its newline.
	Line []byte
}

// Gap says that the feed no longer keeps the records From to To, which this follower had not reached.
type Gap struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Oldest int64  `json:"oldest"`
	Reason string `json:"reason"`
}

// The frames a server sends besides records and gaps; whatever else it says is passed over.
type (
	welcome struct {
		Epoch      string  `json:"epoch"`
		Oldest     int64   `json:"oldest"`
		Head       int64   `json:"head"`
		From       int64   `json:"from"`
		HeartbeatS float64 `json:"heartbeat_s"`
	}
	heartbeat struct {
		Position int64 `json:"position"`
		Head     int64 `json:"head"`
	}
	// farewell is a bye or a falling_behind: the response ends after it.
	farewell struct {
		Reason       string     `json:"reason"`
		Detail       string     `json:"detail"`
		RetryAfterMs float64    `json:"retry_after_ms"`
		Available    *Available `json:"available"`
	}
	// unknown is a frame of a later version.
	unknown struct{}
)

// wireRecord is a record's JSON; a record without a number must not be taken for number 0.
type wireRecord struct {
	Number     int64           `json:"number"`
	Prev       *int64          `json:"prev"`
	Cursor     string          `json:"cursor"`
	Kind       string          `json:"kind"`
	Case       string          `json:"case"`
	Reference  string          `json:"reference"`
	Live       bool            `json:"live"`
	RecordedAt string          `json:"recorded_at"`
	Final      bool            `json:"final"`
	Data       json.RawMessage `json:"data"`
}

// parseFrame reads one line as *Record, *Gap, *welcome, *heartbeat, *farewell or *unknown, keeping nothing of the
// line itself. Any other line is a *FrameError.
func parseFrame(line []byte) (interface{}, error) {
	if !utf8.Valid(line) {
		return nil, badFrame(line, "not UTF-8")
	}
	var name struct {
		Frame string `json:"frame"`
	}
	if err := json.Unmarshal(line, &name); err != nil {
		return nil, badFrame(line, err.Error())
	}
	switch name.Frame {
	case "":
		return nil, badFrame(line, "it does not name itself")
	case "record":
		return parseRecord(line)
	case "welcome":
		return checked(line, &welcome{})
	case "heartbeat":
		return checked(line, &heartbeat{})
	case "gap":
		return checked(line, &Gap{})
	case "bye", "falling_behind":
		return checked(line, &farewell{})
	default:
		return &unknown{}, nil
	}
}

func parseRecord(line []byte) (interface{}, error) {
	var wire wireRecord
	if err := json.Unmarshal(line, &wire); err != nil {
		return nil, badFrame(line, err.Error())
	}
	if wire.Number < 1 || wire.Prev != nil && (*wire.Prev < 0 || *wire.Prev >= wire.Number) {
		return nil, badFrame(line, "its numbers cannot be")
	}
	return &Record{
		Number: wire.Number, Prev: wire.Prev, Cursor: wire.Cursor, Kind: wire.Kind,
		Case: wire.Case, Reference: wire.Reference, Live: wire.Live, RecordedAt: wire.RecordedAt,
		Final: wire.Final, Data: wire.Data, Line: append([]byte(nil), line...),
	}, nil
}

// checked reads the rest of a frame, and refuses one whose numbers cannot be.
func checked(line []byte, frame interface{}) (interface{}, error) {
	if err := json.Unmarshal(line, frame); err != nil {
		return nil, badFrame(line, err.Error())
	}
	ok := true
	switch frame := frame.(type) {
	case *welcome:
		ok = isEpoch(frame.Epoch) && frame.From >= 1 && frame.Head >= 0 && frame.HeartbeatS >= 0
	case *heartbeat:
		ok = frame.Position >= 0 && frame.Head >= 0
	case *Gap:
		ok = frame.From >= 1 && frame.To >= frame.From
	}
	if !ok {
		return nil, badFrame(line, "its numbers cannot be")
	}
	return frame, nil
}

func badFrame(line []byte, reason string) error {
	if len(line) > 80 {
		line = line[:80]
	}
	return &FrameError{Reason: fmt.Sprintf("%.120s", reason), Line: string(line)}
}
