package feed

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"
)

// kindOf names the typed error that an error wraps, and gives what the feed answered.
func kindOf(err error) (string, Answer) {
	var (
		refused *RefusedError
		old     *TooOldError
		changed *EpochChangedError
		future  *InTheFutureError
	)
	switch {
	case errors.As(err, &refused):
		return "refused", refused.Answer
	case errors.As(err, &old):
		return "too old", old.Answer
	case errors.As(err, &changed):
		return "epoch changed", changed.Answer
	case errors.As(err, &future):
		return "in the future", future.Answer
	default:
		return "none", Answer{}
	}
}

func TestEveryFinalAnswerIsItsOwnError(t *testing.T) {
	body := `{"code":"%s","detail":"so it is","available":{"epoch":"0badcafe","oldest":40,"head":90}}`
	for _, c := range []struct {
		status     int
		code, kind string
	}{
		{400, "invalid", "refused"}, {401, "unauthorised", "refused"}, {403, "forbidden_scope", "refused"},
		{404, "not_found", "refused"}, {501, "not_yet", "refused"}, {410, "too_old", "too old"},
		{409, "epoch_changed", "epoch changed"}, {416, "in_the_future", "in the future"},
	} {
		said := play(t, answer(c.status, fmt.Sprintf(body, c.code)))
		mute := play(t, answer(c.status, "<html>no problem at all"))

		told, untold := followed(t, said, Options{From: "1"}), followed(t, mute, Options{From: "1"})

		kind, got := kindOf(fmt.Errorf("wrapped: %w", told.err))
		if want := (Answer{c.status, c.code, "so it is", &Available{epoch, 40, 90}}); kind != c.kind || !reflect.DeepEqual(got, want) {
			t.Errorf("%d: %v", c.status, told.err)
		}
		if kind, got := kindOf(untold.err); kind != c.kind || got != (Answer{Status: c.status, Code: c.code}) {
			t.Errorf("%d without a problem: %v", c.status, untold.err)
		}
		if len(said.queries())+len(mute.queries()) != 2 {
			t.Errorf("%d was asked again", c.status)
		}
	}
}

func TestEveryGoodbyeThatForbidsToComeBackIsATypedError(t *testing.T) {
	for reason, want := range map[string]string{
		"revoked": "refused", "replaced": "refused", "unauthorised": "refused", "forbidden_scope": "refused",
		"too_old": "too old", "epoch_changed": "epoch changed", "in_the_future": "in the future",
		"max_age": "none", "shutdown": "none", "expired": "none", "feed_behind": "none", "of a later version": "none",
	} {
		if kind, got := kindOf(parted(farewell{Reason: reason})); kind != want || kind != "none" && got.Code != reason {
			t.Errorf("%s: %s", reason, kind)
		}
	}
}

func TestAWaitThatIsAskedForIsWaitedAndCapped(t *testing.T) {
	for text, asked := range map[string]time.Duration{"7": 7 * time.Second, "86400": 20 * time.Second} {
		s := play(t, answer(503, "", "Retry-After", text), lines(hello(1, 1), rec(1)))

		got := followed(t, s, Options{From: "1", Limit: 1, LongestWait: 20 * time.Second})

		if got.err != nil || !reflect.DeepEqual(got.waits, []time.Duration{asked}) {
			t.Errorf("%s: waited %v, %v", text, got.waits, got.err)
		}
	}
}

func TestRetryAfterIsReadAsSecondsOrAsADate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "0": 0, "90": 90 * time.Second, "NaN": 0, "Inf": 24 * time.Hour, "1e300": 24 * time.Hour,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}
