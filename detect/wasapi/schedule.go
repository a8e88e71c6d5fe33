package wasapi

import "time"

const (
	// A session that was announced is in the list within these times: EarTrumpet
	// reads it after 0.3 s; a computer that is busy gets a second chance.
	firstAgain = 300 * time.Millisecond
	lastAgain  = 1500 * time.Millisecond

	// retryFirst is when a device that failed is tried again; the pauses then
	// double up to backstop.
	retryFirst = time.Second

	// unnotified is how often a device is read that reports no new sessions.
	unnotified = 2 * time.Second

	// backstop is how often all is read although nothing was reported: a notice
	// that got lost would else hide a call until the next one.
	backstop = time.Minute
)

// schedule says when to read the sessions without a notice of Windows. Its zero
// value reads at once.
type schedule struct {
	again []time.Time // after a session was announced, in order
	retry time.Duration
	due   time.Time
}

// announced notes that a session was announced.
func (s *schedule) announced(now time.Time) {
	s.again = []time.Time{now.Add(firstAgain), now.Add(lastAgain)}
}

// read notes that the sessions were read: whether a device failed, and whether
// one reports no new sessions.
func (s *schedule) read(now time.Time, failed, silent bool) {
	for len(s.again) > 0 && !now.Before(s.again[0]) {
		s.again = s.again[1:]
	}
	pause := backstop
	switch {
	case failed && s.retry == 0:
		s.retry = retryFirst
	case failed:
		s.retry = min(2*s.retry, backstop)
	default:
		s.retry = 0
	}
	if failed {
		pause = s.retry
	}
	if silent {
		pause = min(pause, unnotified)
	}
	s.due = now.Add(pause)
}

// next returns when to read the next time.
func (s *schedule) next() time.Time {
	if len(s.again) > 0 && s.again[0].Before(s.due) {
		return s.again[0]
	}
	return s.due
}
