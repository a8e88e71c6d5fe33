package presence

import (
	"context"
	"errors"
	"time"
)

// write returns the job that posts a value of a kind, and keeps the ledger
// before the request leaves and after its outcome.
func (r *reconciler) write(k kind, name string, w Write, run func(context.Context) error, accepted func(now time.Time)) job {
	e := r.ledger.entry(k)
	sure, isNew := e.Sure, !e.has(func(v Value) bool { return v == w.Value })
	e.begin(w)
	r.keep()
	doubts := e.doubts
	done := func(err error, now time.Time) {
		switch {
		case err == nil:
			r.confirmed(k, isNew || !sure, now)
			accepted(now)
		case errors.Is(err, ErrRefused), errors.Is(err, ErrSignIn): // so it cannot be there
			e.refuse(sure && e.doubts == doubts)
		case errors.Is(err, ErrAnswered):
			e.lose(time.Time{})
			r.changed = now
		default:
			e.lose(now.Add(settleTime))
			r.changed = now
		}
		// A session is renewed every few minutes; that the renewal was accepted need
		// not be written down.
		if k != kindSession || isNew || !sure || err != nil {
			r.keep()
		}
	}
	return job{k, name, run, done, func(now time.Time) { e.lose(now.Add(settleTime)) }}
}

// confirmed notes that the newest write of a kind was accepted, and whether it
// has changed something.
func (r *reconciler) confirmed(k kind, changed bool, now time.Time) {
	if !r.ledger.entry(k).confirm(now) && !changed {
		return
	}
	if k == kindMessage || k == kindSession && r.masked() {
		return // what was read a moment ago is shown still
	}
	r.look.due, r.changed = true, now
}

// masked reports whether a preferred presence, of ours or theirs, is shown
// whatever the session is.
func (r *reconciler) masked() bool {
	shown := r.look.shown.Pair
	_, positive := chosenInTeams(shown, Pair{})
	return r.look.fresh && !shown.Is(PreferOffline) && positive && !r.ledger.Session.empty()
}

// recently reports whether a matching value of ours was replaced so recently
// that a read may still show it.
func (r *reconciler) recently(k kind, match func(Value) bool, now time.Time) bool {
	return r.ledger.entry(k).recently(match, now)
}

// settled reports that what is read now cannot be older than our last write.
func (r *reconciler) settled(now time.Time) bool { return !now.Before(r.changed.Add(settleTime)) }
