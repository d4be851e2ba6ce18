package feed

import (
	"fmt"
	"math"
	"testing"
	"testing/quick"
	"time"
)

func TestACursorIsReadAsItIsWritten(t *testing.T) {
	property := func(epoch uint32, number uint64) bool {
		at := Position{fmt.Sprintf("%08x", epoch), int64(number % 1e18)}
		read, err := ParseCursor(at.String())
		return err == nil && read == at
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestATextThatIsNoCursorIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "75", "-75", "0badcafe", "0badcafe-", "0badcafe--1", "0badcafe-+1", "0BADCAFE-1", "0badcaf-1", "0badcafe1-1",
		"0badcafe-1000000000000000000", "0badcafe-1 ", "0badcafe-٣",
	} {
		if at, err := ParseCursor(text); err == nil {
			t.Errorf("%q was read as %+v", text, at)
		}
	}
}

func TestAWaitIsWithinItsBoundsAndGrows(t *testing.T) {
	property := func(longest uint32, asked uint16, chance float64) bool {
		_, fraction := math.Modf(math.Abs(chance))
		b := &backoff{longest: time.Duration(longest) * time.Microsecond, random: func() float64 { return fraction }}
		for tries := 0; tries < 80; tries++ {
			bound := time.Second
			if tries > 0 {
				bound = time.Duration(math.Min(30, 0.5*math.Pow(2, float64(tries))) * float64(time.Second))
			}
			least := time.Duration(asked) * time.Millisecond
			wait := b.next(least)
			within := wait <= bound || wait <= least
			if wait < 0 || wait > b.longest || !within || wait < least && wait != b.longest {
				return false
			}
		}
		b.reset()
		return b.next(0) <= time.Second
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestARecordHandedOnMakesTheNextWaitAFirstOne(t *testing.T) {
	s := play(t, cut(hello(1, 9)), cut(hello(1, 9)), cut(hello(1, 9)), cut(hello(1, 9), rec(1)), lines(hello(2, 9), rec(2)))
	f, err := newFollower(Options{URL: s.URL, Credential: Key("k"), From: "1", Limit: 2}, takeAny)
	if err != nil {
		t.Fatal(err)
	}
	var waits []time.Duration
	f.sleep, f.backoff.random = noting(&waits), func() float64 { return 1 }

	err = f.run(ctxOf(t))

	want := []time.Duration{time.Second, time.Second, 2 * time.Second, time.Second}
	if err != nil || fmt.Sprint(waits) != fmt.Sprint(want) {
		t.Errorf("%v, %v", waits, err)
	}
}
