package presence

import (
	"context"
	"errors"
	"slices"
	"time"
)

// write returns the job that posts a value of a kind, and keeps the ledger
// before the request leaves and after its outcome.
func (r *reconciler) write(k kind, name string, w Write, run func(context.Context) error, accepted func(now time.Time)) job {
	e := r.ledger.entry(k)
	sure, isNew := e.Sure, !e.has(func(v Value) bool { return v == w.Value })
	e.begin(w)
	// A session is renewed every few minutes; that its values are the same as
	// before need not be written down.
	if k != kindSession || isNew {
		r.keep()
	}
	done := func(err error, now time.Time) {
		before := len(e.Writes)
		switch {
		case err == nil:
			r.confirmed(k, isNew || !sure, now)
			accepted(now)
		case errors.Is(err, ErrRefused), errors.Is(err, ErrSignIn): // so it cannot be there
			e.refuse(sure)
		case errors.Is(err, ErrAnswered):
			e.lose(time.Time{})
			r.changed = now
		default:
			e.lose(now.Add(settleTime))
			r.changed = now
		}
		if k != kindSession || isNew || len(e.Writes) != before {
			r.keep()
		}
	}
	return job{k, name, run, done, func(now time.Time) { e.lose(now.Add(settleTime)) }}
}

// confirmed notes that the newest write of a kind was accepted, and whether it
// has changed something.
func (r *reconciler) confirmed(k kind, changed bool, now time.Time) {
	gone := r.ledger.entry(k).confirm(now)
	if !changed && len(gone) == 0 {
		return
	}
	for _, w := range gone {
		r.noteReplaced(k, w.Value, now)
	}
	if k != kindMessage {
		r.look.due, r.changed = true, now
	}
}

// noteReplaced remembers a value that a lagging read may still show.
func (r *reconciler) noteReplaced(k kind, v Value, now time.Time) {
	r.replaced[k] = slices.DeleteFunc(r.replaced[k], func(p replaced) bool { return p.Value == v || !now.Before(p.until) })
	r.replaced[k] = append(r.replaced[k], replaced{v, now.Add(settleTime)})
}

// recently reports whether a matching value of ours was replaced so recently
// that a read may still show it.
func (r *reconciler) recently(k kind, match func(Value) bool, now time.Time) bool {
	return slices.ContainsFunc(r.replaced[k], func(p replaced) bool { return now.Before(p.until) && match(p.Value) })
}

// settled reports that what is read now cannot be older than our last write.
func (r *reconciler) settled(now time.Time) bool { return !now.Before(r.changed.Add(settleTime)) }
