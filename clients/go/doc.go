// Package feed follows a Vouch feed: every record in order, none twice, none left out, over connections that break.
//
// Follow opens GET /v1/feed (or one case's feed) as lines of JSON, hands each record to a Handler together with the
// checkpoint to store beside the effect, and comes back by itself after every cut. It returns when what was asked for
// has been handed on, when the handler fails, when the context ends, or when coming back cannot help; the last is a
// typed error for errors.As: *RefusedError, *TooOldError, *EpochChangedError, *InTheFutureError, *HoleError,
// *FrameError, *UnsafeTransportError or *OptionsError.
//
// A handler that stores the checkpoint in the same transaction as its effect has each effect once: hand the stored
// checkpoint back as Options.After.
package feed
