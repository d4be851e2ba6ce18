package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// stream reads one response.
type stream struct {
	*follower
	dog       *watchdog
	welcomed  time.Time // zero before the welcome
	headThen  int64     // the head when this response began
	handedOn  bool
	delimited bool // the response says where it ends
}

func (s *stream) read(ctx context.Context, response *http.Response) ending {
	kind := response.Header.Get("Content-Type")
	if plain, _, err := mime.ParseMediaType(kind); kind != "" && (err != nil || plain != mediaType) {
		// A page of something in between, such as a proxy's.
		return ending{cause: fmt.Errorf("feed: the answer is %.80q, not %s", kind, mediaType)}
	}
	s.delimited = response.ContentLength >= 0 || len(response.TransferEncoding) > 0
	lines := newLineReader(&counted{response.Body, s.metrics}, maxLine)
	defer s.rest()
	for {
		line, err := lines.next()
		if err != nil {
			return s.ended(err)
		}
		s.heard()
		if len(line) == 0 {
			continue
		}
		if end, ended := s.take(ctx, line); ended {
			return end
		}
		if ctx.Err() != nil {
			return ending{cause: ctx.Err()}
		}
		s.listen()
	}
}

// heard notes a whole line. Before the welcome the watchdog runs on: chatter is no welcome.
func (s *stream) heard() {
	s.metrics.change(func(now *Snapshot) { now.LastHeard = time.Now() })
	if !s.welcomed.IsZero() {
		s.dog.heard()
	}
}

func (s *stream) listen() {
	if !s.welcomed.IsZero() {
		s.dog.listen()
	}
}

// rest lets the next wait be a short one if this connection was a good one.
func (s *stream) rest() {
	if s.handedOn || !s.welcomed.IsZero() && time.Since(s.welcomed) >= health {
		s.backoff.reset()
	}
}

// ended says what the end of the lines means.
func (s *stream) ended(err error) ending {
	switch {
	case errors.Is(err, errLongLine):
		fault := &FrameError{Reason: fmt.Sprintf("longer than %d bytes", maxLine)}
		return s.faults.wrong(s.position, fault)
	case err == io.EOF && s.fulfilled():
		return ending{done: true}
	case err == io.EOF:
		return ending{cause: errEnded}
	default:
		return ending{cause: s.dog.cause(err)}
	}
}

// fulfilled tells whether a clean end is the end that was asked for. Where the response does not say where it ends, a
// cut looks like a clean end, so that the position must show that all is there.
func (s *stream) fulfilled() bool {
	switch {
	case !s.options.ends() || s.welcomed.IsZero():
		return false
	case s.delimited || s.options.Wait != nil:
		return true
	default:
		return s.options.UntilCaughtUp && s.position.Number >= s.headThen
	}
}

// take acts on one line; true when the connection is to end.
func (s *stream) take(ctx context.Context, line []byte) (ending, bool) {
	frame, err := parseFrame(line)
	if err != nil {
		return s.faults.wrong(s.position, err), true
	}
	if _, hello := frame.(*welcome); !hello && s.welcomed.IsZero() && needsWelcome(frame) {
		return s.faults.wrong(s.position, badFrame(line, "it came before the welcome")), true
	}
	switch frame := frame.(type) {
	case *welcome:
		err = s.welcome(ctx, frame)
	case *Record:
		return s.record(ctx, frame)
	case *heartbeat:
		s.metrics.change(func(now *Snapshot) { now.Heartbeats, now.Head = now.Heartbeats+1, frame.Head })
		err = s.move(ctx, frame.Position)
	case *Gap:
		err = s.gap(ctx, frame)
	case *farewell:
		cause := fmt.Errorf("feed: the server said goodbye: %.80s", frame.Reason)
		return ending{final: parted(*frame), cause: cause, asked: clamped(frame.RetryAfterMs * float64(time.Millisecond))}, true
	}
	return ending{final: err}, err != nil
}

// needsWelcome tells whether a frame means nothing before the welcome: only a bye and unknown ones do.
func needsWelcome(frame interface{}) bool {
	switch frame.(type) {
	case *farewell, *unknown:
		return false
	default:
		return true
	}
}

func (s *stream) welcome(ctx context.Context, frame *welcome) error {
	if !s.position.IsZero() && s.position.Epoch != frame.Epoch {
		return &EpochChangedError{Answer{
			Code:      "epoch_changed",
			Detail:    fmt.Sprintf("the position %s is of another epoch", s.position),
			Available: &Available{frame.Epoch, frame.Oldest, frame.Head},
		}}
	}
	s.dog.heard()
	s.welcomed, s.headThen = time.Now(), frame.Head
	s.dog.allow(heartbeatOf(frame.HeartbeatS))
	s.metrics.change(func(now *Snapshot) {
		now.Epoch, now.Head, now.Connected = frame.Epoch, frame.Head, true
		now.Connections++
	})
	if s.position.IsZero() {
		return s.moveTo(ctx, Position{frame.Epoch, frame.From - 1})
	}
	return nil
}

// record hands one on, unless it was handed on before or one before it never came.
func (s *stream) record(ctx context.Context, record *Record) (ending, bool) {
	if record.Number <= s.position.Number {
		s.metrics.change(func(now *Snapshot) { now.Repeated++ })
		return ending{}, false
	}
	if len(s.options.Kinds) == 0 && record.Prev != nil && *record.Prev > s.position.Number {
		s.metrics.change(func(now *Snapshot) { now.Holes++ })
		return s.holes.wrong(s.position, &HoleError{s.position, record.Number, *record.Prev}), true
	}
	checkpoint := Position{s.position.Epoch, record.Number}
	if err := s.handle(ctx, *record, checkpoint); err != nil {
		return ending{final: err}, true
	}
	s.position, s.handedOn = checkpoint, true
	s.metrics.change(func(now *Snapshot) { now.Records, now.Position = now.Records+1, checkpoint.Number })
	s.left--
	return ending{done: true}, s.options.Limit > 0 && s.left <= 0
}

func (s *stream) gap(ctx context.Context, gap *Gap) error {
	s.metrics.change(func(now *Snapshot) { now.Gaps++ })
	if s.options.OnGap != nil {
		if err := s.options.OnGap(ctx, *gap); err != nil {
			return err
		}
	}
	return s.move(ctx, gap.To)
}

// move takes the position forward, never back.
func (s *stream) move(ctx context.Context, number int64) error {
	if number <= s.position.Number {
		return nil
	}
	return s.moveTo(ctx, Position{s.position.Epoch, number})
}

func (s *stream) moveTo(ctx context.Context, checkpoint Position) error {
	if s.options.OnMove != nil {
		if err := s.options.OnMove(ctx, checkpoint); err != nil {
			return err
		}
	}
	s.position = checkpoint
	s.metrics.change(func(now *Snapshot) { now.Position = checkpoint.Number })
	return nil
}

// counted counts the bytes that are read.
type counted struct {
	from    io.Reader
	metrics *Metrics
}

func (c *counted) Read(into []byte) (int, error) {
	n, err := c.from.Read(into)
	c.metrics.change(func(now *Snapshot) { now.Bytes += int64(n) })
	return n, err
}
