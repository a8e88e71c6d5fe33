package graph

import (
	"net/http"
	"sync"
	"time"
)

// skew is how far Graph's clock is from this computer's, learned from the Date
// header of Graph's answers. Durations need no correction; the end of a status
// message is an instant, and with a clock that is an hour slow a message for an
// hour would end as it is set.
type skew struct {
	mu sync.Mutex
	by time.Duration // Graph's clock minus ours
	at reading       // when it was learned
}

// reading is what this computer's two clocks show: the one that can be set, and
// the one that only counts how long the computer has run.
type reading struct {
	wall time.Time
	runs time.Duration
}

var started = time.Now()

// computerClock returns the clock that can be set, without Go's other one.
func computerClock() time.Time { return time.Now().Round(0) }

// readClocks reads both clocks; wall returns the one that can be set.
func readClocks(wall func() time.Time) reading {
	return reading{wall(), time.Since(started)}
}

// skewIgnored is the difference that is not corrected: Date has whole seconds,
// and a request takes some.
const skewIgnored = time.Minute

// skewBelieved is the largest difference that is corrected: with a clock so far
// off no certificate would be valid, and there would be no answer.
const skewBelieved = 10 * 365 * 24 * time.Hour

// learn takes the Date header of an answer of Graph to a request that was made
// between two instants. The clock may have been read by Graph at any time in
// between, so the smallest difference that explains it is taken.
func (s *skew) learn(h http.Header, from, to reading) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	var by time.Duration
	switch {
	case date.After(to.wall):
		by = date.Sub(to.wall)
	case date.Add(time.Second).Before(from.wall): // it was rounded down
		by = date.Add(time.Second).Sub(from.wall)
	}
	if by.Abs() > skewBelieved {
		by = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by, s.at = by, to
}

// now returns the difference to correct. It is zero if this computer's clock was
// set, or the computer slept, since the difference was learned: the two cannot be
// told apart, and the next answer tells.
func (s *skew) now(at reading) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	stepped := at.wall.Sub(s.at.wall) - (at.runs - s.at.runs)
	if stepped.Abs() > skewIgnored || s.by.Abs() <= skewIgnored {
		return 0
	}
	return s.by
}
