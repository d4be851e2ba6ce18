package feed

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// drip sends frames, and then the same text again and again until the client goes.
func drip(text string, every time.Duration, frames ...string) act {
	return func(w http.ResponseWriter, r *http.Request) {
		lines(frames...)(w, r)
		for r.Context().Err() == nil {
			io.WriteString(w, text)
			w.(http.Flusher).Flush()
			time.Sleep(every)
		}
	}
}

func TestALineThatIsNoFrameIsNeverPassedOverAndTheThirdTimeIsFinal(t *testing.T) {
	for name, line := range map[string]string{
		"no JSON":             "<html>",
		"not UTF-8":           "{\"frame\":\"record\",\"number\":2,\"prev\":1,\"case\":\"\xff\xfe\"}",
		"no object":           "[1]",
		"no name":             `{"number":2}`,
		"a negative number":   `{"frame":"record","number":-2}`,
		"no number":           `{"frame":"record","kind":"case"}`,
		"a negative prev":     `{"frame":"record","number":2,"prev":-1}`,
		"a prev of its own":   `{"frame":"record","number":2,"prev":2}`,
		"a number too great":  `{"frame":"record","number":9223372036854775808}`,
		"half a number":       `{"frame":"record","number":2.5}`,
		"a negative position": `{"frame":"heartbeat","position":-1,"head":9}`,
		"a gap backwards":     `{"frame":"gap","from":5,"to":2}`,
		"a welcome to none":   `{"frame":"welcome","epoch":"../../etc","from":1}`,
		"a welcome below":     `{"frame":"welcome","epoch":"0badcafe","from":-7}`,
		"deeply nested":       `{"frame":` + strings.Repeat("[", 100_000),
		"far too long":        `{"frame":"record","number":2,"data":"` + strings.Repeat("x", maxLine) + `"}`,
	} {
		s := play(t, lines(hello(1, 9), rec(1), line, rec(2)))

		got := followed(t, s, Options{From: "1", UntilCaughtUp: true})

		var bad *FrameError
		if !errors.As(got.err, &bad) || len(got.err.Error()) > 600 {
			t.Errorf("%s: %.700v", name, got.err)
		}
		if !reflect.DeepEqual(got.numbers, upTo(1)) || len(s.queries()) != 3 {
			t.Errorf("%s: %v after %d requests", name, got.numbers, len(s.queries()))
		}
	}
}

func TestALineThatWasNoFrameOnceIsAskedForAgain(t *testing.T) {
	s := play(t, lines(hello(1, 2), rec(1), `{"frame":"rec`), lines(hello(2, 2), rec(2)))

	got := followed(t, s, Options{From: "1", UntilCaughtUp: true})

	if got.err != nil || !reflect.DeepEqual(got.numbers, upTo(2)) {
		t.Errorf("%v, %v", got.numbers, got.err)
	}
}

func TestARecordOfAMegabyteIsHandedOnWhole(t *testing.T) {
	long := strings.TrimSuffix(rec(2), "{}}") + `"` + strings.Repeat("x", 1_000_000) + `"}`
	s := play(t, lines(hello(1, 3), rec(1), long, rec(3)))

	got := followed(t, s, Options{From: "1", UntilCaughtUp: true})

	if got.err != nil || !reflect.DeepEqual(got.numbers, upTo(3)) {
		t.Errorf("%v, %.200v", got.numbers, got.err)
	}
}

func TestARecordBeforeTheWelcomeIsNoFrame(t *testing.T) {
	s := play(t, lines(rec(1), hello(1, 9)))

	got := followed(t, s, Options{From: "1", UntilCaughtUp: true})

	var bad *FrameError
	if !errors.As(got.err, &bad) || len(got.numbers) != 0 {
		t.Errorf("%v, %v", got.numbers, got.err)
	}
}

// quickHello is the welcome of a server that must heartbeat ten times a second.
func quickHello() string {
	return strings.Replace(hello(1, 9), `"heartbeat_s":15`, `"heartbeat_s":0.1`, 1)
}

func TestAServerThatSaysNothingThatCountsIsLeft(t *testing.T) {
	for name, mute := range map[string]act{
		"no answer":              func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"no welcome":             hold(),
		"chatter but no welcome": drip("{\"frame\":\"unheard_of\"}\n", 20*time.Millisecond),
		"blank lines only":       drip("\n", 20*time.Millisecond),
		"half a welcome":         drip("x", 20*time.Millisecond),
		"silence":                hold(quickHello()),
		"half lines for ever":    drip("x", 20*time.Millisecond, quickHello()),
	} {
		s := play(t, mute, lines(hello(1, 1), rec(1)))
		begun := time.Now()

		got := followed(t, s, Options{From: "1", Limit: 1})

		took := time.Since(begun)
		if got.err != nil || len(got.numbers) != 1 || took < 240*time.Millisecond || took > 5*time.Second {
			t.Errorf("%s: %v, %v after %s", name, got.numbers, got.err, took)
		}
	}
}

func TestTimeSpentInTheHandlerIsNotTheServersSilence(t *testing.T) {
	s := play(t, lines(quickHello(), rec(1), rec(2)))

	got := followedWithin(ctxOf(t), t, s, Options{From: "1", Limit: 2}, slowly)

	if got.err != nil || got.metrics.Connections != 1 {
		t.Errorf("%v over %d connections", got.err, got.metrics.Connections)
	}
}

func TestARefusalWithoutEndIsReadNoFurtherThanNeeded(t *testing.T) {
	var sent int64
	s := play(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGone)
		piece := strings.Repeat("x", 64<<10)
		for r.Context().Err() == nil {
			n, _ := io.WriteString(w, piece)
			atomic.AddInt64(&sent, int64(n))
		}
	})

	got := followed(t, s, Options{From: "1"})

	s.Close()
	// What the sockets' buffers take is not read.
	if kind, said := kindOf(got.err); kind != "too old" || said.Code != "too_old" || sent > 32<<20 {
		t.Errorf("%v after %d bytes", got.err, sent)
	}
}

func TestAPageOfSomethingInBetweenIsNotTheFeed(t *testing.T) {
	page := answer(200, "<html>back soon</html>", "Content-Type", "text/html; charset=utf-8")
	s := play(t, page, page, page, page, lines(hello(1, 1), rec(1)))

	got := followed(t, s, Options{From: "1", Limit: 1})

	if got.err != nil || len(got.numbers) != 1 {
		t.Errorf("%v, %v", got.numbers, got.err)
	}
}

func TestAServerCannotAskForMorePatienceThanIsSane(t *testing.T) {
	for seconds, want := range map[float64]time.Duration{
		0: assumedHeartbeat, 1e300: longestHeartbeat, 0.1: 100 * time.Millisecond, 15: 15 * time.Second,
	} {
		if got := heartbeatOf(seconds); got != want {
			t.Errorf("%g: %s", seconds, got)
		}
	}
	for _, milliseconds := range []float64{-1e308, 1e308} {
		bye := fmt.Sprintf(`{"frame":"bye","reason":"shutdown","retry_after_ms":%g}`, milliseconds)
		s := play(t, lines(hello(1, 9), bye), lines(hello(1, 9), rec(1)))

		got := followed(t, s, Options{From: "1", Limit: 1})

		if got.err != nil || len(got.waits) != 1 || got.waits[0] < 0 || got.waits[0] > defaultLongestWait {
			t.Errorf("%g: %v, %v", milliseconds, got.waits, got.err)
		}
	}
}
