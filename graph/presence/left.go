package presence

import "time"

// Left is something that heliograph set at Graph, could not clear, and that
// colleagues may see until Until.
type Left struct {
	Kind LeftKind
	// Pair is what may be shown; zero for a status message.
	Pair  Pair
	Until time.Time
	// ToOthers reports that it was left on purpose: another computer with the same
	// session, or Teams, shows its own.
	ToOthers bool
}

// LeftKind is what a Left is.
type LeftKind int

// What can be left. A preferred presence takes precedence over a session.
const (
	LeftSession LeftKind = iota
	LeftPreferred
	LeftMessage
)

// longestExpire bounds a session: no pair is set for longer.
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

// left lists what Graph may still hold of ours at now, for any account.
func (r *reconciler) left(now time.Time) []Left {
	var all []Left
	add := func(kind LeftKind, e Entry) {
		if last := e.newest(); last.Zero() && last.Accepted {
			return // it was cleared; that an earlier request may arrive late is the ledger's business
		}
		for _, w := range e.Writes {
			until := w.Expires
			if !w.Late.IsZero() {
				until = w.Gone
			}
			if !w.Zero() && until.After(now) {
				all = append(all, Left{kind, w.Pair, until, kind == LeftSession && r.leftToOthers})
			}
		}
	}
	for _, l := range r.accounts() {
		add(LeftSession, l.Session)
		add(LeftPreferred, l.Preferred)
		add(LeftMessage, l.Message)
	}
	return all
}
