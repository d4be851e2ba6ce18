package feed

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// act is what a scripted server does with one request.
type act func(w http.ResponseWriter, r *http.Request)

// stage is a server that plays one act a request, the last one again and again.
type stage struct {
	*httptest.Server
	lock  sync.Mutex
	acts  []act
	asked []*http.Request
}

func play(t *testing.T, acts ...act) *stage {
	t.Helper()
	s := &stage{acts: acts}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	s.asked = append(s.asked, r)
	next := len(s.asked)
	if next > len(s.acts) {
		next = len(s.acts)
	}
	s.lock.Unlock()
	s.acts[next-1](w, r)
}

// queries gives what was asked for, in order.
func (s *stage) queries() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	var found []string
	for _, r := range s.asked {
		found = append(found, r.URL.RawQuery)
	}
	return found
}

// lines sends frames, and ends cleanly.
func lines(frames ...string) act {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		for _, frame := range frames {
			io.WriteString(w, frame+"\n")
		}
		w.(http.Flusher).Flush()
	}
}

// cut sends frames and breaks the connection.
func cut(frames ...string) act {
	return func(w http.ResponseWriter, r *http.Request) {
		lines(frames...)(w, r)
		panic(http.ErrAbortHandler)
	}
}

// hold sends frames and says nothing more until the client goes.
func hold(frames ...string) act {
	return func(w http.ResponseWriter, r *http.Request) {
		lines(frames...)(w, r)
		<-r.Context().Done()
	}
}

// answer refuses.
func answer(status int, body string, headers ...string) act {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// quiet takes the complaints of servers whose clients went away.
var quiet = log.New(io.Discard, "", 0)

const epoch = "0badcafe"

func hello(first, head int) string {
	return fmt.Sprintf(`{"frame":"welcome","epoch":%q,"oldest":1,"head":%d,"from":%d,"heartbeat_s":15}`, epoch, head, first)
}

func rec(number int) string { return recAfter(number, number-1) }

func recAfter(number, prev int) string {
	return fmt.Sprintf(`{"frame":"record","number":%d,"prev":%d,"cursor":"%s-%d","kind":"case","case":"c","data":{}}`,
		number, prev, epoch, number)
}

// told is what a follower under test did.
type told struct {
	numbers []int64
	waits   []time.Duration
	err     error
	metrics Snapshot
}

// soon is the silence that a follower under test bears; a test of silence is as long as this.
const soon = 300 * time.Millisecond

// followed runs a follower without waits between its connections.
func followed(t *testing.T, s *stage, options Options) told {
	t.Helper()
	return followedWithin(ctxOf(t), t, s, options, nil)
}

func followedWithin(ctx context.Context, t *testing.T, s *stage, options Options, handle Handler) told {
	t.Helper()
	var found told
	options.URL, options.Credential, options.Metrics = s.URL, Key("k"), &Metrics{}
	f, err := newFollower(options, func(ctx context.Context, record Record, at Position) error {
		if at != (Position{epoch, record.Number}) {
			t.Errorf("record %d came with checkpoint %s", record.Number, at)
		}
		if handle != nil {
			if err := handle(ctx, record, at); err != nil {
				return err
			}
		}
		found.numbers = append(found.numbers, record.Number)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.silence = soon
	f.sleep = noting(&found.waits)
	found.err = f.run(ctx)
	found.metrics = options.Metrics.Snapshot()
	return found
}

func upTo(n int) []int64 {
	var all []int64
	for number := 1; number <= n; number++ {
		all = append(all, int64(number))
	}
	return all
}

func takeAny(context.Context, Record, Position) error { return nil }

func noting(waits *[]time.Duration) func(context.Context, time.Duration) error {
	return func(ctx context.Context, wait time.Duration) error {
		*waits = append(*waits, wait)
		return ctx.Err()
	}
}

// ctxOf gives a context that ends before a test would hang.
func ctxOf(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// slowly is a handler that takes longer than the server may be silent.
func slowly(context.Context, Record, Position) error {
	time.Sleep(2 * soon)
	return nil
}
