package feed

import (
	"fmt"
	"testing"
	"testing/quick"
)

func TestASlotIsTheFirstByteOfTheSHA256OfTheID(t *testing.T) {
	for id, want := range map[string]int{"": 0xe3, "abc": 0xba, "Grüße": 0xf8} {
		if got := Slot(id); got != want {
			t.Errorf("%q: %#x", id, got)
		}
	}
}

func TestACaseIsInOnePartAndInOneOfItsHalves(t *testing.T) {
	property := func(id string, power uint8) bool {
		n := 1 << (power % 6)
		holding := 0
		for i := 0; i < n; i++ {
			part := Part{i, n}
			left, right := part.Split()
			if part.Holds(id) {
				holding++
			}
			if left.Holds(id) && right.Holds(id) || part.Holds(id) != (left.Holds(id) || right.Holds(id)) {
				return false
			}
		}
		return holding == 1
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestMergedPartsLeaveNothingOutAndRepeatNothing(t *testing.T) {
	property := func(cases []uint8, stops [4]uint8) bool {
		checkpoints := map[Part]Position{}
		for i, stop := range stops {
			checkpoints[Part{i, 4}] = Position{epoch, int64(stop)}
		}
		merged, err := NewMerged(checkpoints)
		if err != nil {
			return false
		}
		for i, letter := range cases {
			record := Record{Number: int64(i + 1), Case: fmt.Sprint("case-", letter)}
			done := record.Number <= int64(stops[Partition(record.Case, 4)])
			if merged.Passed(record) != done || !done && record.Number <= merged.Start().Number {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestCheckpointsOfTwoEpochsCannotBeMerged(t *testing.T) {
	_, err := NewMerged(map[Part]Position{{0, 2}: {epoch, 1}, {1, 2}: {"11111111", 1}})
	_, none := NewMerged(map[Part]Position{{0, 2}: {}})
	_, wrong := NewMerged(map[Part]Position{{2, 2}: {epoch, 1}})

	if err == nil || none == nil || wrong == nil {
		t.Errorf("%v, %v, %v", err, none, wrong)
	}
}

func TestAPartIsReadAsItIsWritten(t *testing.T) {
	for n := 1; n <= mostParts; n *= 2 {
		for i := 0; i < n; i++ {
			if part, err := ParsePart(Part{i, n}.String()); err != nil || part != (Part{i, n}) {
				t.Errorf("%d/%d: %v, %v", i, n, part, err)
			}
		}
	}
	for _, text := range []string{"", "1", "/", "0/0", "1/1", "-1/4", "0/3", "0/128", "0/4/8", "0/99999999999999999999"} {
		if _, err := ParsePart(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	if whole := (Part{}); whole.String() != "0/1" || !whole.Holds("any") {
		t.Error("the zero value is not the whole feed")
	}
}
