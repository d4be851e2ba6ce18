package feed

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
)

const mostParts = 64

// Part is the share Index (from 0) of Of equal shares of a feed; Of is a power of two up to 64.
// The zero value is the whole feed.
type Part struct{ Index, Of int }

// ParsePart reads i/n, such as 0/4. It returns an *OptionsError for a text that is none.
func ParsePart(text string) (Part, error) {
	index, of, found := strings.Cut(text, "/")
	i, good := parseNumber(index)
	n, fine := parseNumber(of)
	if !found || !good || !fine || n < 1 || n > mostParts || i >= n {
		return Part{}, badPart(text)
	}
	part := Part{Index: int(i), Of: int(n)}
	return part, part.check()
}

// String writes the part as i/n; the whole feed is 0/1.
func (p Part) String() string { return strconv.Itoa(p.Index) + "/" + strconv.Itoa(p.parts()) }

// Split gives the two halves of a part; each goes on from the part's own checkpoint.
func (p Part) Split() (Part, Part) {
	n := p.parts()
	return Part{p.Index, 2 * n}, Part{p.Index + n, 2 * n}
}

// Holds tells whether a case belongs to this part.
func (p Part) Holds(caseID string) bool { return Partition(caseID, p.parts()) == p.Index }

func (p Part) parts() int {
	if p == (Part{}) {
		return 1
	}
	return p.Of
}

func (p Part) check() error {
	n := p.parts()
	if n < 1 || n > mostParts || n&(n-1) != 0 || p.Index < 0 || p.Index >= n {
		return badPart(fmt.Sprintf("%d/%d", p.Index, n))
	}
	return nil
}

func badPart(text string) error {
	reason := fmt.Sprintf("%.20q is none: i/n has n a power of two up to %d and i from 0 to n - 1", text, mostParts)
	return &OptionsError{"Partition", reason}
}

// Slot gives the first byte of the SHA-256 of a case's id, which decides its part.
func Slot(caseID string) int {
	sum := sha256.Sum256([]byte(caseID))
	return int(sum[0])
}

// Partition gives the index of the part, of n, that a case belongs to. It panics if n is less than 1.
func Partition(caseID string, n int) int { return Slot(caseID) % n }

// Merged knows how far each part had come, for a follower that takes over from several.
type Merged struct{ passed map[Part]Position }

// NewMerged takes each part's own checkpoint. It returns an error when a part is none or the checkpoints are not all
// of one epoch.
func NewMerged(checkpoints map[Part]Position) (*Merged, error) {
	passed := make(map[Part]Position, len(checkpoints))
	epoch := ""
	for part, at := range checkpoints {
		if err := part.check(); err != nil {
			return nil, err
		}
		if epoch == "" {
			epoch = at.Epoch
		}
		if at.IsZero() || at.Epoch != epoch {
			return nil, fmt.Errorf("feed: part %s is at %q, others are in epoch %q", part, at, epoch)
		}
		passed[Part{part.Index, part.parts()}] = at
	}
	return &Merged{passed}, nil
}

// Start gives the place from which nothing is missed: the smallest checkpoint. Without parts it is no position.
func (m *Merged) Start() Position {
	var start Position
	for _, at := range m.passed {
		if start.IsZero() || at.Number < start.Number {
			start = at
		}
	}
	return start
}

// Passed tells whether a record was already handed on by the part its case belonged to.
func (m *Merged) Passed(record Record) bool {
	for part, at := range m.passed {
		if record.Number <= at.Number && part.Holds(record.Case) {
			return true
		}
	}
	return false
}
