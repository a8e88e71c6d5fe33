package presence

import "time"

// Left is something that heliograph set at Graph, could not clear, and that
// colleagues may see until Until.
type Left struct {
	Kind LeftKind
	// Pair is what may be shown; zero for a status message, and for a session
	// that an earlier run may have left.
	Pair  Pair
	Until time.Time
}

// LeftKind is what a Left is.
type LeftKind int

// What can be left. A preferred presence takes precedence over a session.
const (
	LeftSession LeftKind = iota
	LeftPreferred
	LeftMessage
)

// longestExpire bounds a session whose presence is not known: no pair is set
// for longer.
const longestExpire = time.Hour

// Left lists what the last Release, or the end of Run, could not clear.
func (l *Loop) Left() []Left {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left
}

func (l *Loop) setLeft(left []Left) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = left
}

// left lists what Graph may still hold of ours at now. lost says that the
// outcome of a session's write before the clearing was not known.
func (r *reconciler) left(lost bool, now time.Time) []Left {
	var all []Left
	add := func(kind LeftKind, p Pair, until time.Time) {
		if until.After(now) {
			all = append(all, Left{kind, p, until})
		}
	}
	until := r.sent.Expires // zero: no session of ours
	if p := r.want.Session; lost && r.unknown {
		// The write that was lost may have set, or renewed, this.
		may := now.Add(longestExpire)
		if !p.Zero() {
			may = now.Add(r.opts.Timing(p).Expire)
		}
		if p == r.sent.Pair && may.After(until) {
			until = may
		} else if p != r.sent.Pair {
			add(LeftSession, p, may)
		}
	}
	add(LeftSession, r.sent.Pair, until)
	for _, s := range append([]Sent{r.saved.Preferred}, r.saved.Former...) {
		if !s.Zero() {
			add(LeftPreferred, s.Pair, s.Expires)
		}
	}
	if r.saved.Message != "" {
		until := r.saved.MessageUntil
		if until.IsZero() { // not confirmed
			until = now.Add(messageExpire)
		}
		add(LeftMessage, Pair{}, until)
	}
	return all
}
