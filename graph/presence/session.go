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

// How long a session that was not posted, because another computer shows
// something better, is left alone before a look. Available must not stay away
// for longer than a renewal takes; Away is what Graph itself falls back to.
const (
	yieldAvailable = 4 * time.Minute
	yieldAway      = 10 * time.Minute
)

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
	case !r.looked(now) && !r.aloneHere(p, now):
		return r.lookFirst(), true
	case !call(p) && r.another(p, now):
		r.yield(p, now)
		return job{}, false
	}
	if until, ok := r.unclear(p, now); ok {
		if r.look.yieldUntil = until; p.Zero() {
			r.yield(p, now) // it fades where nobody keeps it
		}
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

// aloneHere reports that Available can be set without a look before it, because
// no other computer was noticed. Before Away is said, and before the session is
// cleared, there is always one.
func (r *reconciler) aloneHere(p Pair, now time.Time) bool {
	return p.Is(Available) && !r.ledger.Session.known(Value{Pair: p}, now) && !r.othersExpected(now)
}

// unclear reports whether another computer, which was noticed not long ago, may
// keep the Available that is shown: ours was posted so recently that it has not
// faded. It returns when ours fades.
func (r *reconciler) unclear(p Pair, now time.Time) (until time.Time, unclear bool) {
	w := r.ledger.Session.newest()
	until = w.At.Add(fadeTime + time.Second)
	return until, r.othersExpected(now) && (p.Zero() || p.Is(Away)) && w.Pair.Is(Available) && r.look.shown.Is(Available) && now.Before(until)
}

// call reports whether a session shows a call.
func call(p Pair) bool { return p.Is(InACall) || p.Is(InAMeeting) || p.Is(Presenting) }

// another reports whether what is shown is the session of another computer, or
// of Teams, that p must not replace: a call, and where p says that nobody is
// here, also somebody who is at work there.
func (r *reconciler) another(p Pair, now time.Time) bool {
	shown := r.look.shown.Pair
	if !r.look.fresh || r.ledger.Preferred.has(sameAvailability(shown)) || r.recently(kindPreferred, sameAvailability(shown), now) || r.ownSession(shown, now) {
		return false
	}
	switch {
	case call(shown):
		return true
	case shown.Is(Available):
		return !p.Is(Available) && r.look.ownShown
	}
	return false
}

// ownSession reports whether what is shown may be our own session.
func (r *reconciler) ownSession(shown Pair, now time.Time) bool {
	if r.recently(kindSession, samePair(shown), now) {
		return true
	}
	for _, w := range r.ledger.Session.Writes {
		if w.Pair.Is(shown) && (!shown.Is(Available) || now.Before(w.At.Add(fadeTime))) {
			return true
		}
	}
	return false
}

// yield leaves the session to another computer.
func (r *reconciler) yield(p Pair, now time.Time) {
	r.opts.Log.Info("another computer, or Teams, shows a session that is left alone", "shown", r.look.shown.Pair, "wanted", p)
	switch {
	case p.Zero(): // there is nothing of ours to clear
		r.ledger.Session.forget()
		r.keep()
	case p.Is(Available):
		r.look.yieldUntil = now.Add(yieldAvailable)
	default:
		r.look.yieldUntil = now.Add(yieldAway)
		if ends := r.ledger.Session.newest().Expires; ends.After(now) { // then another session must live
			r.look.yieldUntil = earlier(r.look.yieldUntil, ends)
		}
	}
}
