package feed

import (
	"context"
	"strings"
	"time"
)

const defaultLongestWait = 30 * time.Second

// Credential gives what goes into the Authorization header: a client's key, or a fresh ticket. It is called before
// each connection, on the goroutine of Follow; its error ends following.
type Credential func(ctx context.Context) (string, error)

// Key is the credential that is always the same key.
func Key(key string) Credential {
	return func(context.Context) (string, error) { return key, nil }
}

// Options say what to follow, from where, and until when. URL and Credential are needed; the zero value of everything
// else follows the whole feed from the next record on, for ever.
type Options struct {
	// URL is the product's address, such as https://vouch.example. Only https, except to this very machine.
	URL string
	// Credential is asked before each connection.
	Credential Credential
	// CAFile names a PEM file of authorities to trust beside the system's.
	CAFile string

	// Case follows one case instead of the client's whole feed.
	Case string
	// From is the number of the first record wanted, or "earliest", or "latest". It is used until there is a position.
	From string
	// After is the checkpoint to go on from, exclusive; the zero value is none. Give From or After, not both.
	After Position
	// Partition follows one part of the feed; the zero value is all of it.
	Partition Part
	// Kinds follows some kinds of records only; holes cannot be seen then.
	Kinds []string
	// Subscription is the name of a position that the product keeps.
	Subscription string

	// Limit ends following after that many records, counted over reconnects; 0 does not.
	Limit int64
	// UntilCaughtUp ends following at the head of the moment of asking.
	UntilCaughtUp bool
	// Wait ends following after that long with nothing to send, in whole seconds, rounded up; nil does not.
	Wait *time.Duration

	// LongestWait caps every wait before a reconnect, those that the server asks for too; 0 is 30 seconds.
	LongestWait time.Duration
	// Metrics is kept up to date if it is given.
	Metrics *Metrics

	// OnGap hears of records that are no longer kept. Its error ends following, with the position before the gap.
	OnGap func(ctx context.Context, gap Gap) error
	// OnMove hears of a position that moved without a record: by the welcome, a heartbeat or a gap. Its error ends
	// following.
	OnMove func(ctx context.Context, checkpoint Position) error
	// OnLost hears why a connection ended and how long it is until the next one.
	OnLost func(cause error, wait time.Duration)
}

// checked gives the options with their defaults. It returns an *OptionsError for one that cannot be meant.
func (o Options) checked() (Options, error) {
	if o.Credential == nil {
		return o, &OptionsError{"Credential", "there is none; use feed.Key for a client's key"}
	}
	if o.From != "" && !o.After.IsZero() {
		return o, &OptionsError{"After", "give either From (inclusive) or After (exclusive), not both"}
	}
	if number, ok := parseNumber(o.From); o.From != "" && o.From != "earliest" && o.From != "latest" && (!ok || number < 1) {
		return o, &OptionsError{"From", "must be a number from 1, earliest or latest"}
	}
	if _, err := ParseCursor(o.After.String()); err != nil && o.After != (Position{}) {
		return o, &OptionsError{"After", err.Error()}
	}
	if err := o.Partition.check(); err != nil {
		return o, err
	}
	if o.Limit < 0 || o.Wait != nil && *o.Wait < 0 || o.LongestWait < 0 {
		return o, &OptionsError{"Limit, Wait and LongestWait", "cannot be negative"}
	}
	if strings.ContainsAny(o.Case, "/?#") || o.Case == "." || o.Case == ".." {
		return o, &OptionsError{"Case", "must be the id of a case"}
	}
	if o.LongestWait == 0 {
		o.LongestWait = defaultLongestWait
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	return o, nil
}

// ends tells whether a clean end of the response is what was asked for.
func (o Options) ends() bool { return o.Limit > 0 || o.UntilCaughtUp || o.Wait != nil }
