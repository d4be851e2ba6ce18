package feed

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDigits is what the feed itself allows in a number; every such number fits an int64.
const maxDigits = 18

// Position is a place on a feed: everything up to and including Number has been passed.
// The zero value is no position.
type Position struct {
	// Epoch names one numbering of the feed: 8 hex digits. After a restore there is another.
	Epoch string
	// Number is the record's number within the epoch; 0 is the place before the first one.
	Number int64
}

// IsZero tells whether this is no position at all.
func (p Position) IsZero() bool { return p.Epoch == "" }

// String writes the position as a cursor, such as 0badcafe-75; no position is the empty text.
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	return p.Epoch + "-" + strconv.FormatInt(p.Number, 10)
}

// ParseCursor reads a cursor such as 0badcafe-75. The error names the text that is none.
func ParseCursor(text string) (Position, error) {
	epoch, digits, found := strings.Cut(text, "-")
	number, ok := parseNumber(digits)
	if !found || !isEpoch(epoch) || !ok {
		return Position{}, fmt.Errorf("feed: %.40q is no cursor; one looks like 0badcafe-75", text)
	}
	return Position{Epoch: epoch, Number: number}, nil
}

func isEpoch(text string) bool {
	return len(text) == 8 && strings.Trim(text, "0123456789abcdef") == ""
}

// parseNumber reads 1 to 18 decimal digits, and no sign.
func parseNumber(text string) (int64, bool) {
	if text == "" || len(text) > maxDigits || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	number, err := strconv.ParseInt(text, 10, 64)
	return number, err == nil
}
