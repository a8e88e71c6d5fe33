package presence

import "time"

// How long a session that was not posted, because another computer shows
// something better, is left alone before a look. The other's call may end; Away is
// what Graph itself falls back to.
const (
	yieldAvailable = 2 * time.Minute
	yieldAway      = 10 * time.Minute
)

// lookAway is how often a computer that shows Away looks whether another one,
// which was noticed, has taken the session along. Every few minutes would be a
// poll through each night, for Offline in place of Away.
const lookAway = 25 * time.Minute

// othersTime is how long another computer that was noticed is expected to come
// back. As long, a computer that shows Away looks more often whether the other
// has taken the session along.
const othersTime = 3 * 24 * time.Hour

// othersExpected reports whether another computer was noticed not long ago.
func (r *reconciler) othersExpected(now time.Time) bool {
	return !r.ledger.Others.IsZero() && now.Before(r.ledger.Others.Add(othersTime))
}

// noticeOthers finds that another computer has replaced our session: less than
// that was shown, and after the next post it is shown itself.
func (r *reconciler) noticeOthers(now time.Time) {
	shown, own := r.look.shown.Pair, r.alive(now)
	switch {
	case own.Zero() || !r.settled(now) || !r.ledger.Preferred.empty():
	case r.look.below && shown.Is(own):
		// A choice in Teams would still be shown, unless it was reset meanwhile.
		if now.Before(r.ledger.Session.newest().At.Add(2 * lookAge)) {
			r.meetOthers(now)
		}
	case !r.ownSession(shown, now) && (shown.Is(Away) || shown.Is(Available)) && rank(shown.Availability) < rank(own.Availability):
		r.look.stays = r.look.below && r.ledger.Session.newest().At.After(r.look.belowAt)
		if !r.look.below {
			r.look.below, r.look.belowAt = true, now
			if call(own) { // whether it is shown after the next post tells which; others are posted soon
				r.renewAt = now
			}
		}
		return
	}
	r.look.below, r.look.stays = false, false
}

// meetOthers notes that another computer was noticed.
func (r *reconciler) meetOthers(now time.Time) {
	if !r.othersExpected(now) {
		r.opts.Log.Info("another computer shares the presence session")
	}
	r.ledger.Others = now
	r.keep()
}

// aloneHere reports that Available can be set without a look before it: no other
// computer was noticed, and nobody was away from this one, so that they cannot
// have begun a call at another. Before Away is said, and before the session is
// cleared, there is always a look.
func (r *reconciler) aloneHere(p Pair, now time.Time) bool {
	e := r.ledger.Session
	return p.Is(Available) && !e.newest().Pair.Is(Away) && !e.known(Value{Pair: p}, now) && !r.othersExpected(now)
}

// unclear reports whether another computer, which was noticed not long ago, may
// keep the Available that is shown: ours was posted so recently that it has not
// faded. It returns when ours fades.
func (r *reconciler) unclear(p Pair, now time.Time) (until time.Time, unclear bool) {
	w := r.ledger.Session.newest()
	until = w.At.Add(fadeTime + time.Second)
	return until, r.othersExpected(now) && (p.Zero() || p.Is(Away)) && w.Pair.Is(Available) && r.look.shown.Is(Available) && now.Before(until)
}

// another reports whether what is shown is the session of another computer, or
// of Teams, that p must not replace: a call, and where p says that nobody is
// here, also somebody who is at work there.
func (r *reconciler) another(p Pair, now time.Time) bool {
	shown := r.look.shown.Pair
	if !r.look.fresh || call(shown) && r.activity.Call.Teams || r.ledger.Preferred.has(sameAvailability(shown)) || r.recently(kindPreferred, sameAvailability(shown), now) || r.ownSession(shown, now) {
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
	case p.Zero():
		// Ours was replaced, or Teams' own outranks it: it stays in the ledger, and is
		// looked at again.
		r.leftToOthers = true
		r.look.yieldUntil = earlier(now.Add(yieldAway), r.ledger.Session.newest().Gone)
	case p.Is(Available):
		r.look.yieldUntil = now.Add(yieldAvailable)
	default:
		r.look.yieldUntil = now.Add(yieldAway)
		if ends := r.ledger.Session.newest().Gone; ends.After(now) { // then another session must live
			r.look.yieldUntil = earlier(r.look.yieldUntil, ends)
		}
	}
}
