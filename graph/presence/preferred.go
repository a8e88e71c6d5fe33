package presence

import (
	"context"
	"time"
)

// prompt is how much later than its end Graph may drop a preferred presence for
// it not to be worth a request: as much later as the request arrived.
const prompt = 1250 * time.Millisecond

// planPreferred keeps the preferred presence of a choice, clears it only if it
// is still ours, and clears the person's own only when they asked for that.
func (r *reconciler) planPreferred(now time.Time) (job, bool) {
	e, p, until := &r.ledger.Preferred, r.want.Preferred, r.want.PreferredUntil
	own := e.newest()
	switch {
	case r.clearTheirs && r.mustWait(now):
		return job{}, false
	case r.clearTheirs && !r.looked(now):
		return r.lookFirst(), true
	case r.clearTheirs:
		return r.freeTheirs(now), true
	case p.Zero() && e.empty(), p.Zero() && e.known(Value{}, now):
		return job{}, false
	case p.Zero() && e.Sure && !own.Zero() && !now.Before(own.Expires) && own.Gone.Sub(own.Expires) <= prompt:
		return job{}, false // Graph drops it now
	case p.Zero():
		return r.clearPreferred(now)
	case e.known(Value{Pair: p}, now) && r.lasts(own, until, now):
		return job{}, false
	case r.look.choiceIsOlder && r.look.due && r.canLook(now):
		return r.lookFirst(), true // with our session alive, a choice in Teams shows
	case r.look.choiceIsOlder && !r.settled(now) && r.maybeTheirs(now):
		return job{}, false
	case r.mustWait(now) && !r.newChoice(now):
		return job{}, false
	case r.newChoice(now):
		return r.setPreferred(now), true
	case r.looked(now) && r.blind():
		return r.lookAlive(now)
	case !r.looked(now):
		return r.lookFirst(), true // the person may have picked another one since
	}
	return r.setPreferred(now), true
}

// blind reports that what was read says nothing about a preferred presence,
// because no session was alive.
func (r *reconciler) blind() bool {
	shown := r.look.shown.Pair
	return r.look.fresh && rank(shown.Availability) == 0 && !shown.Is(PreferOffline)
}

// lookAlive reads again once our session is alive, until the answer shows it or
// cannot lag any more.
func (r *reconciler) lookAlive(now time.Time) (job, bool) {
	switch e := r.ledger.Session; {
	case r.alive(now).Zero(), !r.settled(now) && !e.newest().At.After(r.look.at):
		return job{}, false
	case e.newest().At.After(r.look.at):
		return r.lookFirst(), true
	}
	return r.setPreferred(now), true
}

// newChoice reports that the choice was made a moment ago, so that nothing in
// Teams can be newer.
func (r *reconciler) newChoice(now time.Time) bool {
	return !r.look.choiceIsOlder && !now.After(r.choice.Since.Add(lookAge))
}

// maybeTheirs reports whether what is shown is a choice made in Teams, or the end
// of ours there, unless it is older than our last write; or whether it certainly
// is, so that nothing is known of such a choice.
func (r *reconciler) maybeTheirs(now time.Time) bool {
	shown, own := r.look.shown.Pair, r.ledger.Preferred
	if !r.canLook(now) || own.has(sameAvailability(shown)) {
		return false
	}
	if rank(shown.Availability) == 0 && !shown.Is(PreferOffline) && !r.alive(now).Zero() {
		return true
	}
	picked, _ := chosenInTeams(shown, r.alive(now))
	return !picked.Zero() || (own.newest().Accepted && !own.newest().Zero() && rank(shown.Availability) > 0)
}

// lasts reports whether our preferred presence ends when it is to end, or is
// renewed before.
func (r *reconciler) lasts(own Write, until, now time.Time) bool {
	if until.IsZero() {
		return own.Expires.Sub(own.At) > preferredRenew && now.Before(own.At.Add(preferredRenew))
	}
	return own.Expires.Equal(until)
}

// setPreferred sets the preferred presence that is wanted.
func (r *reconciler) setPreferred(now time.Time) job {
	p, ends, service := r.want.Preferred, r.want.PreferredUntil, r.service
	if ends.IsZero() {
		ends = now.Add(preferredExpire)
	}
	set := func(ctx context.Context) error { return service.SetPreferred(ctx, p, ends.Sub(now)) }
	w := Write{Value: Value{Pair: p}, At: now, Expires: ends, Gone: ends.Add(callTimeout)}
	return r.write(kindPreferred, "set preferred presence", w, set, func(time.Time) {
		r.look.over, r.look.theirs, r.look.ownSequence, r.look.exact = r.look.theirs, Pair{}, "", false
	})
}

// clearPreferred clears a preferred presence of ours, unless the person has
// picked another in Teams meanwhile: that one is theirs to keep. What is shown
// decides, as far as it cannot be older than our write.
func (r *reconciler) clearPreferred(now time.Time) (job, bool) {
	switch {
	case r.mustWait(now):
		return job{}, false
	case !r.looked(now):
		return r.lookFirst(), true
	}
	e, shown := &r.ledger.Preferred, r.look.shown.Pair
	picked, positive := chosenInTeams(shown, r.alive(now))
	settled := !now.Before(e.newest().At.Add(settleTime)) || r.look.afterOwn()
	switch {
	case !r.canLook(now), e.has(sameAvailability(shown)): // clear
	case positive && (settled || !shown.Is(r.look.over) && !r.recently(kindPreferred, samePair(shown), now)):
		r.leavePreferred(picked)
		return job{}, false
	case settled && rank(shown.Availability) > 0 && !r.alive(now).Zero():
		r.leavePreferred(picked)
		return job{}, false
	}
	// Without any session Graph shows Offline whatever is preferred, and what is
	// read within settleTime may be older than our write.
	return r.write(kindPreferred, "clear preferred presence", Write{At: now}, r.service.ClearPreferred, func(time.Time) { r.look.over = Pair{} }), true
}

// leavePreferred leaves what the person has picked in Teams.
func (r *reconciler) leavePreferred(picked Pair) {
	r.ledger.Preferred.forget()
	r.setTheirs(picked)
	r.keep()
}

// freeTheirs clears what the person has picked in Teams.
func (r *reconciler) freeTheirs(now time.Time) job {
	theirs := r.look.theirs
	return r.write(kindPreferred, "clear the preferred presence chosen in Teams", Write{At: now}, r.service.ClearPreferred, func(now time.Time) {
		r.clearTheirs, r.look.theirs = false, Pair{}
		r.ledger.Preferred.note(Value{Pair: theirs}, now)
		r.look.due, r.changed = true, now
	})
}
