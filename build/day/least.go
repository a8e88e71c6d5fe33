package day

import (
	"slices"
	"time"
)

// How long a preferred presence without an end, and a text, are held before they
// are renewed.
const (
	renewsSlot = 6 * time.Hour
	renewsText = 45 * time.Minute
)

// Least returns how many requests a client that knows everything needs for the
// truth of a day; see the package's documentation.
func Least(run *Run, truth map[string][]Span) int {
	n := 0
	for _, spans := range truth {
		l := &least{run: run}
		for i, s := range spans {
			if i+1 < len(spans) && spans[i+1].At-s.At < run.Script.RoundTrip {
				continue // nobody could see it
			}
			l.turn(s.At, s.Ideals[0])
		}
		l.turn(dayLength, Ideal{})
		n += l.n - l.last
	}
	return n
}

// least counts for one person.
type least struct {
	run  *Run
	n    int
	last int // what the last turn added, which is the end of the day
	now  Ideal
	// Since when each part is as it is.
	own, slot, text time.Duration
}

// turn makes w the ideal from an instant on.
func (l *least) turn(at time.Duration, w Ideal) {
	was := l.now
	l.now = w
	writes := 0
	if w.own != was.own {
		l.n += 2 * renewals(at-l.own, renews(was.own))
		l.own = at
		writes++
	}
	if a, b := was.oursIn(), w.oursIn(); a != b {
		if a != "" {
			l.n += renewals(at-l.slot, renewsSlot)
		}
		l.slot = at
		if b != "" || !w.theirs {
			writes++
		}
	}
	if a, b := was.oursAs(), w.oursAs(); a != b {
		if a != "" {
			l.n += renewals(at-l.text, renewsText)
		}
		l.text = at
		if b != "" || !l.happens(at, Note) {
			writes++
		}
	}
	if l.happens(at, Kill, PowerOff) {
		writes = 0 // nobody is there to write
	}
	if writes > 0 && w.own != "" {
		writes++ // one read afterwards
	}
	if writes > 0 && was.own != "" && l.mayOverwrite(was, w) {
		writes++ // and one before
	}
	l.n += writes
	if l.last = writes; at < dayLength {
		l.last = 0
	}
}

// mayOverwrite reports that only a read tells whether what is about to end, or be
// replaced, is still heliograph's: a call on another computer by Away, by the end
// of the session or by the return of somebody who was away, a choice or a text of the person by the end of heliograph's,
// and the person's own text by heliograph's, which has to be restored later.
func (l *least) mayOverwrite(was, w Ideal) bool {
	const away, available = "Away/Away", "Available/Available"
	session := w.own != was.own && (w.own == "" || w.own == away || was.own == away && w.own == available)
	return session || was.oursIn() != "" && w.oursIn() == "" || was.oursAs() != w.oursAs()
}

func (l *least) happens(at time.Duration, kinds ...Kind) bool {
	return slices.ContainsFunc(l.run.Facts, func(e Event) bool { return e.At == at && slices.Contains(kinds, e.Kind) })
}

// oursIn returns the preferred presence that is heliograph's.
func (i Ideal) oursIn() string {
	if i.theirs {
		return ""
	}
	return i.slot
}

// oursAs returns the text that is heliograph's.
func (i Ideal) oursAs() string {
	if !i.ours {
		return ""
	}
	return i.text
}

// renewals returns how often something is renewed that lasts so long.
func renewals(lasts, every time.Duration) int {
	if every == 0 || lasts <= 0 {
		return 0
	}
	return int((lasts - 1) / every)
}
