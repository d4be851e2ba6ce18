// Command vouch-follow prints the records of a Vouch feed, one line each, and comes back by itself after every cut.
//
//	VOUCH_KEY=… vouch-follow --url https://vouch.example --from earliest --checkpoint feed.position
//
// It ends with 0 when all that was asked for is printed or it was interrupted, 1 when it could not write, 2 for wrong
// usage or an unsafe connection, 3 when the position is refused, 4 when the credential or the request is refused.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	feed "vouch.example/feed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv("VOUCH_KEY"), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is the whole command; it gives the exit status.
func run(ctx context.Context, arguments []string, key string, out, complaints io.Writer) int {
	wish, err := parse(arguments, key)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, help)
		return 0
	}
	if err == nil {
		err = follow(ctx, wish, out, complaints)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	if err != nil {
		fmt.Fprintf(complaints, "vouch-follow: %v\n", err)
	}
	return statusOf(err)
}

func follow(ctx context.Context, wish wish, out, complaints io.Writer) error {
	if wish.metrics {
		wish.options.Metrics = &feed.Metrics{}
		defer tell(wish.options.Metrics, complaints)
	}
	wish.options.OnGap = func(_ context.Context, gap feed.Gap) error {
		fmt.Fprintf(complaints, "vouch-follow: records %d to %d are no longer kept (%s)\n", gap.From, gap.To, gap.Reason)
		return nil
	}
	wish.options.OnMove = func(_ context.Context, at feed.Position) error { return wish.checkpoint.store(at) }
	return feed.Follow(ctx, wish.options, func(_ context.Context, record feed.Record, at feed.Position) error {
		if _, err := out.Write(append(record.Line, '\n')); err != nil {
			return err
		}
		return wish.checkpoint.store(at)
	})
}

func tell(metrics *feed.Metrics, complaints io.Writer) {
	// Numbers, words and a time: they can always be written.
	line, _ := json.Marshal(metrics.Snapshot())
	fmt.Fprintf(complaints, "%s\n", line)
}

func statusOf(err error) int {
	var (
		usage    *usageError
		options  *feed.OptionsError
		unsafe   *feed.UnsafeTransportError
		old      *feed.TooOldError
		epoch    *feed.EpochChangedError
		future   *feed.InTheFutureError
		hole     *feed.HoleError
		refused  *feed.RefusedError
		position = errors.As(err, &old) || errors.As(err, &epoch) || errors.As(err, &future) || errors.As(err, &hole)
	)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage), errors.As(err, &options), errors.As(err, &unsafe):
		return 2
	case position:
		return 3
	case errors.As(err, &refused):
		return 4
	default:
		return 1
	}
}
