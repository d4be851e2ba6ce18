package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"testing"
)

func TestAReconnectGoesOnAfterThePositionAndNeverAsksFromAgain(t *testing.T) {
	s := play(t, cut(hello(5, 7), rec(5), rec(6)), lines(hello(7, 7), rec(7)))

	got := followed(t, s, Options{From: "5", UntilCaughtUp: true})

	if got.err != nil || !reflect.DeepEqual(got.numbers, []int64{5, 6, 7}) {
		t.Errorf("got %v, %v", got.numbers, got.err)
	}
	want := []string{"from=5&until=caught_up", "after=0badcafe-6&until=caught_up"}
	if !reflect.DeepEqual(s.queries(), want) {
		t.Errorf("asked %q", s.queries())
	}
}

func TestAWelcomeWithoutRecordsIsAPositionToComeBackTo(t *testing.T) {
	s := play(t, cut(hello(8, 7)), lines(hello(8, 8), rec(8)))

	got := followed(t, s, Options{From: "latest", Limit: 1})

	if got.err != nil || s.queries()[1] != "after=0badcafe-7&limit=1" {
		t.Errorf("%v, asked %q", got.err, s.queries())
	}
}

func TestALimitCountsOverReconnectsAndEndsWithoutWaitingForTheServer(t *testing.T) {
	s := play(t, cut(hello(1, 9), rec(1), rec(2)), hold(hello(3, 9), rec(3)))

	got := followed(t, s, Options{From: "1", Limit: 3})

	if got.err != nil || len(got.numbers) != 3 || s.queries()[1] != "after=0badcafe-2&limit=1" {
		t.Errorf("%v, %v, asked %q", got.numbers, got.err, s.queries())
	}
}

func TestWithoutAnEndInSightACleanEndIsACut(t *testing.T) {
	s := play(t, lines(hello(1, 1), rec(1)), lines(hello(2, 2), rec(2), `{"frame":"bye","reason":"revoked"}`))

	got := followed(t, s, Options{From: "1"})

	var refused *RefusedError
	if !errors.As(got.err, &refused) || refused.Code != "revoked" || len(got.numbers) != 2 {
		t.Errorf("%v, %v", got.numbers, got.err)
	}
}

func TestAResponseThatDoesNotSayWhereItEndsIsNotTakenForWhole(t *testing.T) {
	// HTTP/1.0 through a proxy: a broken connection looks like the end.
	old := func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		fmt.Fprintf(connection, "HTTP/1.0 200 OK\r\nContent-Type: %s\r\n\r\n%s\n%s\n", mediaType, hello(1, 2), rec(1))
	}
	s := play(t, old, lines(hello(2, 2), rec(2)))

	got := followed(t, s, Options{From: "1", UntilCaughtUp: true})

	if got.err != nil || !reflect.DeepEqual(got.numbers, upTo(2)) {
		t.Errorf("%v, %v", got.numbers, got.err)
	}
}

func TestAHandlersErrorEndsFollowingBeforeItsRecord(t *testing.T) {
	full := errors.New("the disk is full")
	s := play(t, hold(hello(1, 9), rec(1), rec(2), rec(3)))

	got := followedWithin(context.Background(), t, s, Options{From: "1"}, func(_ context.Context, record Record, _ Position) error {
		if record.Number == 3 {
			return full
		}
		return nil
	})

	if got.err != full || got.metrics.Position != 2 || got.metrics.Connected {
		t.Errorf("%v at %d", got.err, got.metrics.Position)
	}
}

func TestACallbacksErrorEndsFollowingAndTheGapIsStillAhead(t *testing.T) {
	s := play(t, hold(hello(1, 9), rec(1), `{"frame":"gap","from":2,"to":5,"oldest":6,"reason":"retention"}`))
	no := errors.New("no gaps here")

	got := followed(t, s, Options{From: "1", OnGap: func(_ context.Context, gap Gap) error {
		if gap != (Gap{2, 5, 6, "retention"}) {
			t.Errorf("%+v", gap)
		}
		return no
	}})

	if got.err != no || got.metrics.Position != 1 {
		t.Errorf("%v at %d", got.err, got.metrics.Position)
	}
}

func TestPositionsThatMoveWithoutRecordsAreTold(t *testing.T) {
	s := play(t, lines(hello(1, 9), rec(1), `{"frame":"heartbeat","position":4,"head":9}`,
		`{"frame":"heartbeat","position":3,"head":9}`, `{"frame":"gap","from":5,"to":8,"oldest":9}`, recAfter(9, 1)))
	var moves []string

	got := followed(t, s, Options{From: "1", UntilCaughtUp: true, OnMove: func(_ context.Context, at Position) error {
		moves = append(moves, at.String())
		return nil
	}})

	want := []string{"0badcafe-0", "0badcafe-4", "0badcafe-8"}
	if got.err != nil || !reflect.DeepEqual(moves, want) || !reflect.DeepEqual(got.numbers, []int64{1, 9}) {
		t.Errorf("%v, %v, %v", moves, got.numbers, got.err)
	}
	if m := got.metrics; m.Gaps != 1 || m.Heartbeats != 2 || m.Lag != 0 || m.Head != 9 || m.Records != 2 {
		t.Errorf("%+v", m)
	}
}

func TestAHoleIsNeverHandedOnAndTheThirdTimeIsFinal(t *testing.T) {
	s := play(t, lines(hello(1, 9), rec(1), recAfter(4, 3)))

	got := followed(t, s, Options{From: "1", UntilCaughtUp: true})

	var hole *HoleError
	if !errors.As(got.err, &hole) || *hole != (HoleError{Position{epoch, 1}, 4, 3}) {
		t.Fatalf("%v", got.err)
	}
	if !reflect.DeepEqual(got.numbers, []int64{1}) || got.metrics.Holes != 3 || len(s.queries()) != 3 {
		t.Errorf("%v, %+v", got.numbers, got.metrics)
	}
}

func TestWithKindsARecordNamesNoneBeforeIt(t *testing.T) {
	s := play(t, lines(hello(1, 9), recAfter(4, 3)))

	got := followed(t, s, Options{From: "1", Kinds: []string{"case", "check"}, UntilCaughtUp: true})

	if got.err != nil || len(got.numbers) != 1 || s.queries()[0] != "from=1&kinds=case%2Ccheck&until=caught_up" {
		t.Errorf("%v, %v, %q", got.numbers, got.err, s.queries())
	}
}
