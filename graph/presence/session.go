package presence

import (
	"context"
	"time"
)

// fadeTime is how long Graph shows an Available session that is not renewed as
// active.
//
// Source: https://learn.microsoft.com/graph/cloud-communications-manage-presence-state
const fadeTime = 5 * time.Minute

// planSession keeps the presence session: set when it differs or ages, cleared
// when none is wanted. A call is posted at once. Before anything else is posted,
// what colleagues see is looked at: heliograph on another computer shares the
// session, and Away or Available must not replace the call that it shows, nor Away
// the Available of somebody who is at work there. The look before a renewal is also
// how a choice made in Teams is noticed.
func (r *reconciler) planSession(now time.Time) (job, bool) {
	e, p := &r.ledger.Session, r.want.Session
	switch {
	case p.Zero() && e.empty(), now.Before(r.look.yieldUntil):
		return job{}, false
	case p.Zero() && e.known(Value{}, now):
		return job{}, false
	case !p.Zero() && e.known(Value{Pair: p}, now) && now.Before(r.renewAt):
		return job{}, false
	case p.Zero() && r.mustWait(now) && r.want.Preferred.Zero() && !r.ledger.Preferred.empty():
		return job{}, false // without a session a preferred presence cannot be seen
	case call(p) && !e.known(Value{Pair: p}, now): // post
	case !r.looked(now) && !r.aloneHere(p, now) && !r.lapses(p, now):
		return r.lookFirst(), true
	case !call(p) && r.another(p, now):
		r.yield(p, now)
		return job{}, false
	}
	if until, ok := r.unclear(p, now); ok {
		if p.Zero() {
			r.yield(p, now) // it fades where nobody keeps it
		}
		r.look.yieldUntil = until
		return job{}, false
	}
	if p.Zero() {
		return r.write(kindSession, "clear presence", Write{At: now}, r.service.ClearPresence, func(time.Time) {}), true
	}
	t, service := r.opts.Timing(p), r.service
	set := func(ctx context.Context) error { return service.SetPresence(ctx, p, t.Expire) }
	// The lifetime counts from before the request, to be on the safe side.
	w := Write{Value: Value{Pair: p}, At: now, Expires: now.Add(t.Expire), Gone: now.Add(t.Expire + callTimeout)}
	r.look.ownShown = r.look.ownShown && e.known(w.Value, now)
	return r.write(kindSession, "set presence", w, set, func(time.Time) {
		r.look.due = r.look.due || r.look.below
		if call(p) && r.othersExpected(now) { // one of them may replace it unknowingly
			t.Renew = min(t.Renew, yieldAvailable)
		}
		r.renewAt = now.Add(t.Renew - time.Duration(r.opts.Jitter()*float64(t.Renew/renewSpread)))
	}), true
}

// lapseMargin is how long before a session's end it is renewed without a look
// that has failed: time for two more attempts.
const lapseMargin = 2 * time.Minute

// lapses reports that there is no time for another look that fails: a session
// which is to be renewed would end, or the computer sleep.
func (r *reconciler) lapses(p Pair, now time.Time) bool {
	w := r.ledger.Session.newest()
	return r.trouble.failing[kindLook] && (r.activity.Asleep || w.Pair == p && w.Accepted && !now.Before(w.Expires.Add(-lapseMargin)))
}

// call reports whether a session shows a call.
func call(p Pair) bool { return p.Is(InACall) || p.Is(InAMeeting) || p.Is(Presenting) }
