package feed

import "fmt"

// Available is the range a feed has, as a refusal names it.
type Available struct {
	Epoch  string `json:"epoch"`
	Oldest int64  `json:"oldest"`
	Head   int64  `json:"head"`
}

// Answer is what the feed said when it refused.
type Answer struct {
	// Status is the HTTP status; 0 when an open response said it in a bye frame.
	Status int
	// Code is the feed's word for the reason, such as unauthorised.
	Code string
	// Detail is a sentence for a person; it may be empty.
	Detail string
	// Available is the range that exists; nil where none was named.
	Available *Available
}

func (a Answer) String() string {
	text := a.Code
	if a.Status != 0 {
		text = fmt.Sprintf("%d %s", a.Status, a.Code)
	}
	if a.Detail != "" {
		text += ": " + a.Detail
	}
	if a.Available != nil {
		text += fmt.Sprintf(" (available: epoch %s, records %d to %d)",
			a.Available.Epoch, a.Available.Oldest, a.Available.Head)
	}
	return text
}

// RefusedError says that the credential or the request itself is refused. Put it right; asking again will not help.
type RefusedError struct{ Answer }

func (e *RefusedError) Error() string { return "feed: refused: " + e.Answer.String() }

// TooOldError says that records after the position are no longer kept: something was missed.
// Take a snapshot of your cases and follow on from Available.Oldest.
type TooOldError struct{ Answer }

func (e *TooOldError) Error() string { return "feed: position too old: " + e.Answer.String() }

// EpochChangedError says that the feed was numbered anew, so the position means nothing any more.
// Take a snapshot of your cases and follow the new epoch.
type EpochChangedError struct{ Answer }

func (e *EpochChangedError) Error() string { return "feed: epoch changed: " + e.Answer.String() }

// InTheFutureError says that the position lies beyond the feed's head: it is of another feed, or corrupt.
type InTheFutureError struct{ Answer }

func (e *InTheFutureError) Error() string {
	return "feed: position in the future: " + e.Answer.String()
}

// HoleError says that the feed left records out three times in a row at one position. None of what follows the hole
// was handed on.
type HoleError struct {
	// Position is the last one handed on.
	Position Position
	// Number is the record that came next, and Prev the one before it, which never came.
	Number, Prev int64
}

func (e *HoleError) Error() string {
	return fmt.Sprintf("feed: hole after %s: record %d follows %d, which never came", e.Position, e.Number, e.Prev)
}

// FrameError says that what came is not the feed's language, three times in a row at one position.
type FrameError struct {
	// Reason says what is wrong with the line.
	Reason string
	// Line is the beginning of it.
	Line string
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("feed: not a frame: %s: %q", e.Reason, e.Line)
}

// UnsafeTransportError says that the connection would not be private, so nothing was sent over it.
type UnsafeTransportError struct {
	// Reason says what is wrong and what to do about it.
	Reason string
	cause  error
}

func (e *UnsafeTransportError) Error() string { return "feed: unsafe transport: " + e.Reason }

// Unwrap gives the TLS library's own error, if there is one.
func (e *UnsafeTransportError) Unwrap() error { return e.cause }

// OptionsError says which option is wrong, before anything was sent.
type OptionsError struct{ Option, Reason string }

func (e *OptionsError) Error() string { return "feed: option " + e.Option + ": " + e.Reason }
