package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	feed "vouch.example/feed"
)

const help = `vouch-follow prints the records of a Vouch feed as they come, one line of JSON each.

The key is read from the variable VOUCH_KEY.

  --url URL             the product's address (default http://127.0.0.1:8000)
  --from N              first record wanted: a number, earliest or latest
  --after CURSOR        go on after this cursor
  --case ID             follow one case
  --partition i/n       follow one part
  --kinds a,b           follow some kinds only
  --subscription NAME   a position that the product keeps
  --limit N             end after N records
  --until caught_up     end at the head of the moment of asking
  --wait S              end after S seconds with nothing to send
  --ca FILE             trust the authorities of this PEM file too
  --checkpoint FILE     go on after the cursor in FILE, and keep it there
  --longest-wait S      wait at most S seconds before coming back (default 30)
  --metrics             tell figures at the end, one line of JSON on stderr
`

// wish is what the command line asks for.
type wish struct {
	options    feed.Options
	checkpoint checkpoint
	metrics    bool
}

// usageError is a command line that cannot be meant.
type usageError struct{ reason string }

func (e *usageError) Error() string { return e.reason }

// words are the options as they were written.
type words struct {
	after, partition, kinds, until, checkpoint string
	wait, longest                              float64
	limit                                      int64
}

// parse reads the command line. Its error is a *usageError, a *feed.OptionsError, or flag.ErrHelp.
func parse(arguments []string, key string) (wish, error) {
	var w wish
	said := words{wait: -1, longest: 30, limit: -1}
	flags := declared(&w, &said)
	if err := flags.Parse(arguments); err == flag.ErrHelp {
		return w, err
	} else if err != nil {
		return w, &usageError{err.Error()}
	}
	if flags.NArg() > 0 {
		return w, &usageError{fmt.Sprintf("%q is not asked for; see --help", flags.Arg(0))}
	}
	if key == "" {
		return w, &usageError{"the variable VOUCH_KEY has no key"}
	}
	w.options.Credential = feed.Key(key)
	return w, said.into(&w)
}

func declared(w *wish, said *words) *flag.FlagSet {
	flags := flag.NewFlagSet("vouch-follow", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&w.options.URL, "url", "http://127.0.0.1:8000", "")
	flags.StringVar(&w.options.From, "from", "", "")
	flags.StringVar(&said.after, "after", "", "")
	flags.StringVar(&w.options.Case, "case", "", "")
	flags.StringVar(&said.partition, "partition", "0/1", "")
	flags.StringVar(&said.kinds, "kinds", "", "")
	flags.StringVar(&w.options.Subscription, "subscription", "", "")
	flags.Int64Var(&said.limit, "limit", said.limit, "")
	flags.StringVar(&said.until, "until", "", "")
	flags.Float64Var(&said.wait, "wait", said.wait, "")
	flags.StringVar(&w.options.CAFile, "ca", "", "")
	flags.StringVar(&said.checkpoint, "checkpoint", "", "")
	flags.Float64Var(&said.longest, "longest-wait", said.longest, "")
	flags.BoolVar(&w.metrics, "metrics", false, "")
	return flags
}

// into puts the words into the wish; what the checkpoint file says comes before --from and --after.
func (said words) into(w *wish) (err error) {
	if w.options.Partition, err = feed.ParsePart(said.partition); err != nil {
		return err
	}
	if said.kinds != "" {
		w.options.Kinds = strings.Split(said.kinds, ",")
	}
	if err = said.end(&w.options); err != nil {
		return err
	}
	if w.options.LongestWait, err = seconds("longest-wait", said.longest); err != nil {
		return err
	}
	if said.after != "" {
		if w.options.After, err = feed.ParseCursor(said.after); err != nil {
			return &usageError{err.Error()}
		}
	}
	w.checkpoint = checkpoint{path: said.checkpoint}
	stored, err := w.checkpoint.load()
	if err == nil && !stored.IsZero() {
		w.options.After, w.options.From = stored, ""
	}
	return err
}

func (said words) end(options *feed.Options) error {
	if said.until != "" && said.until != "caught_up" {
		return &usageError{"--until can only be caught_up"}
	}
	options.UntilCaughtUp = said.until != ""
	if said.limit == 0 || said.limit < -1 {
		return &usageError{"--limit must be a number from 1"}
	}
	if said.limit > 0 {
		options.Limit = said.limit
	}
	if said.wait == -1 {
		return nil
	}
	wait, err := seconds("wait", said.wait)
	options.Wait = &wait
	return err
}

// seconds reads a time; 0 becomes the shortest time there is, since the options take none for their default.
func seconds(name string, value float64) (time.Duration, error) {
	if math.IsNaN(value) || value < 0 || value > 1e9 {
		return 0, &usageError{fmt.Sprintf("--%s must be a number of seconds from 0", name)}
	}
	if value == 0 && name == "longest-wait" {
		return 1, nil
	}
	return time.Duration(value * float64(time.Second)), nil
}
