package feed

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Handler is handed each record once, in order, with the checkpoint to store beside its effect. Its error ends
// following, and the position stays before the record. The record is the handler's to keep.
type Handler func(ctx context.Context, record Record, checkpoint Position) error

// Follow hands on records until the options' end is reached (nil), the handler or a callback fails (its own error),
// the context ends (its error), or coming back cannot help (one of this package's typed errors). The handler is
// called on this goroutine, and nothing is read ahead of it but one buffer.
func Follow(ctx context.Context, options Options, handle Handler) error {
	f, err := newFollower(options, handle)
	if err != nil {
		return err
	}
	defer f.client.CloseIdleConnections()
	return f.run(ctx)
}

// follower is what is kept from one connection to the next.
type follower struct {
	options  Options
	handle   Handler
	base     *url.URL
	client   *http.Client
	backoff  *backoff
	metrics  *Metrics
	position Position
	left     int64 // records that the limit still allows
	holes    strikes
	faults   strikes
	sleep    func(ctx context.Context, wait time.Duration) error
	silence  time.Duration // until the welcome
}

// ending is how one connection ended: for good (done or final), or to be followed by another one.
type ending struct {
	done  bool
	final error
	cause error
	asked time.Duration
}

func newFollower(options Options, handle Handler) (*follower, error) {
	options, err := options.checked()
	if err != nil {
		return nil, err
	}
	if handle == nil {
		return nil, &OptionsError{"Handler", "there is none"}
	}
	base, err := parseBase(options.URL)
	if err != nil {
		return nil, err
	}
	client, err := newClient(base, options.CAFile)
	if err != nil {
		return nil, err
	}
	return &follower{
		options: options, handle: handle, base: base, client: client,
		backoff: newBackoff(options.LongestWait), metrics: options.Metrics,
		position: options.After, left: options.Limit, sleep: sleep,
		silence: time.Duration(heartbeatsOfSilence * float64(assumedHeartbeat)),
	}, nil
}

func (f *follower) run(ctx context.Context) error {
	f.metrics.change(func(now *Snapshot) { now.Epoch, now.Position = f.position.Epoch, f.position.Number })
	for {
		end := f.connect(ctx)
		f.metrics.change(func(now *Snapshot) { now.Connected = false })
		switch {
		case end.done:
			return nil
		case end.final != nil:
			return end.final
		case ctx.Err() != nil:
			return ctx.Err()
		}
		wait := f.backoff.next(end.asked)
		if f.options.OnLost != nil {
			f.options.OnLost(end.cause, wait)
		}
		if err := f.sleep(ctx, wait); err != nil {
			return err
		}
		f.metrics.change(func(now *Snapshot) { now.Reconnects++ })
	}
}

// connect asks once and reads the answer to its end.
func (f *follower) connect(ctx context.Context) ending {
	request, err := f.request(ctx)
	if err != nil {
		return ending{final: err}
	}
	within, cut := context.WithCancel(ctx)
	defer cut()
	dog := newWatchdog(f.silence, cut)
	defer dog.heard()
	response, err := f.client.Do(request.WithContext(within))
	if err != nil {
		return ending{final: unsafe(err), cause: dog.cause(err)}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return answered(response, time.Now())
	}
	s := &stream{follower: f, dog: dog}
	return s.read(ctx, response)
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// strikes counts how often in a row the same went wrong at one position.
type strikes struct {
	at    Position
	count int
}

// third tells whether this is the third time at this position.
func (s *strikes) third(at Position) bool {
	if s.at != at {
		*s = strikes{at: at}
	}
	s.count++
	return s.count >= 3
}

// wrong is a line that must not be handed on: final at the third time, else a reason to come back.
func (s *strikes) wrong(at Position, err error) ending {
	if s.third(at) {
		return ending{final: err}
	}
	return ending{cause: err}
}

var errEnded = errors.New("feed: the response ended without a bye")
