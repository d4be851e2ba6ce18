package feed

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"math/rand"
	"time"
)

const (
	// firstJitter spreads the followers that one restart cut off together.
	firstJitter = time.Second
	baseWait    = 500 * time.Millisecond
	mostWait    = 30 * time.Second
	// health is how long a connection without records must hold before it counts as good.
	health = 60 * time.Second
)

// backoff says how long to wait before the next try: full jitter, doubling.
type backoff struct {
	longest time.Duration
	random  func() float64 // from 0 to below 1
	tries   uint
}

func newBackoff(longest time.Duration) *backoff {
	var seed [8]byte
	// Should the system give no randomness, the clock spreads followers well enough.
	if _, err := cryptorand.Read(seed[:]); err != nil {
		binary.LittleEndian.PutUint64(seed[:], uint64(time.Now().UnixNano()))
	}
	source := rand.New(rand.NewSource(int64(binary.LittleEndian.Uint64(seed[:]))))
	return &backoff{longest: longest, random: source.Float64}
}

// reset makes the next wait the first one again.
func (b *backoff) reset() { b.tries = 0 }

// next gives the wait before the next try, at least what the server asked for, at most the longest.
func (b *backoff) next(asked time.Duration) time.Duration {
	bound := firstJitter
	if b.tries > 0 {
		bound = mostWait
		// 2^6 * 0.5 s is beyond 30 s.
		if b.tries < 6 {
			bound = baseWait << b.tries
		}
	}
	b.tries++
	wait := time.Duration(b.random() * float64(bound))
	if wait < asked {
		wait = asked
	}
	if wait > b.longest {
		wait = b.longest
	}
	return wait
}
