// What a client must know of a frame to count: is it a record, which, and which one came before.
package main

import (
	"bytes"
	"encoding/binary"
)

type kind int

const (
	other kind = iota
	welcome
	record
	gap
	goodbye
)

type parse func(frame []byte) (what kind, number, prev int64)

var (
	recordStart = []byte(`{"frame":"record","number":`)
	prevStart   = []byte(`,"prev":`)
	names       = map[string]kind{"welcome": welcome, "gap": gap, "bye": goodbye, "falling_behind": goodbye}
)

// take counts a frame; true: it was a record.
func (r *reader) take(frame []byte, read parse) bool {
	what, number, prev := read(frame)
	switch what {
	case record:
		r.note(number, prev)
	case welcome:
		r.open(nil)
	case gap:
		r.Gaps++
	case goodbye:
		r.Ended = string(frame)
	}
	return what == record
}

func readJSON(frame []byte) (kind, int64, int64) {
	if rest, found := bytes.CutPrefix(frame, recordStart); found {
		number, rest := digits(rest)
		prev := int64(-1)
		if rest, found = bytes.CutPrefix(rest, prevStart); found {
			prev, _ = digits(rest)
		}
		return record, number, prev
	}
	name, _, _ := bytes.Cut(bytes.TrimPrefix(frame, []byte(`{"frame":"`)), []byte(`"`))
	return names[string(name)], 0, 0
}

func digits(text []byte) (int64, []byte) {
	number := int64(0)
	for len(text) > 0 && text[0] >= '0' && text[0] <= '9' {
		number, text = number*10+int64(text[0]-'0'), text[1:]
	}
	return number, text
}

// readProto reads a ServerFrame: its one field says what it is; a Record's number and prev are fields 1 and 2.
func readProto(frame []byte) (kind, int64, int64) {
	key, n := binary.Uvarint(frame)
	what := map[uint64]kind{1: welcome, 2: record, 4: gap, 5: goodbye, 6: goodbye}[key>>3]
	if what != record || n <= 0 {
		return what, 0, 0
	}
	_, m := binary.Uvarint(frame[n:])
	number, prev := int64(0), int64(-1)
	// Fields come in the order of their numbers.
	for body := frame[n+m:]; len(body) > 0 && body[0] <= 2<<3; {
		value, size := binary.Uvarint(body[1:])
		if body[0] == 1<<3 {
			number = int64(value)
		} else {
			prev = int64(value)
		}
		body = body[1+size:]
	}
	return record, number, prev
}
