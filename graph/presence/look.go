package presence

import (
	"context"
	"slices"
	"strings"
	"time"
)

// look is what was read of what colleagues see, and what follows from it.
type look struct {
	due     bool      // a write may have changed what is shown
	recheck time.Time // when to read again although nothing was written; zero: never
	shown   Shown
	at      time.Time // of the last answer; zero: there was none
	fresh   bool      // it was read in the present round of work

	// theirs is the preferred presence that the person picked in Teams.
	theirs Pair
	// ownSequence is Shown.Sequence of an answer that showed our preferred
	// presence; empty: none did since it was set. A later one is newer.
	ownSequence string
	// exact: our preferred presence was shown with its activity while our session
	// has another one of the same availability, so that the session's activity means
	// that it is gone.
	exact bool
	// over is what they had picked when ours replaced it.
	over Pair
	// nothingTheirs: a read since the choice showed no choice made in Teams.
	nothingTheirs bool
	// givenUp: what is shown could not be read, and there is no time to wait.
	givenUp bool
	// choiceIsOlder: the choice was made before this account was signed in, so
	// that one which Teams shows is newer.
	choiceIsOlder bool
	// ownShown: our session, which says that nobody is here, was shown since it
	// was posted. If something better is shown later, it was replaced.
	ownShown bool
	// below: something less than our session was shown at belowAt, which is a
	// choice made in Teams, or another computer has replaced it. stays: our session
	// was posted since, and it is shown still, so that it is a choice.
	below   bool
	belowAt time.Time
	stays   bool
	// yieldUntil is until when the session is left to another computer.
	yieldUntil time.Time
}

// forgetChoice starts over with a choice that was just made.
func (l *look) forgetChoice() { l.nothingTheirs, l.choiceIsOlder = false, false }

// lookAge is how old a look may be for a decision that depends on it. It counts
// for one round of work: what happens after that needs a new one.
const lookAge = 5 * time.Second

// looked reports whether what is shown was read for the present round of work,
// or cannot be read.
func (r *reconciler) looked(now time.Time) bool {
	return !r.canLook(now) || (r.look.fresh && now.Before(r.look.at.Add(lookAge)))
}

// canLook reports whether a look can be tried now.
func (r *reconciler) canLook(now time.Time) bool {
	return !r.look.givenUp && !r.trouble.rests(kindLook, now)
}

// lookTries is how often a look is tried before it is decided without one: after
// some five seconds.
const lookTries = 4

// mustWait reports whether the next look is to be awaited, because what depends
// on it cannot be undone: the person's own choice or message could be lost.
func (r *reconciler) mustWait(now time.Time) bool {
	return !r.canLook(now) && !r.look.givenUp && r.trouble.refusals[kindLook] < lookTries
}

// planLook reads what colleagues see after each change, and again while that may
// be older than the change.
func (r *reconciler) planLook(now time.Time) (job, bool) {
	if r.activity.Asleep {
		return job{}, false // the system waits; the next look is after the sleep
	}
	if !r.look.due && (r.look.recheck.IsZero() || now.Before(r.look.recheck)) {
		return job{}, false
	}
	return r.lookFirst(), true
}

// lookFirst reads what colleagues see.
func (r *reconciler) lookFirst() job {
	var got Shown
	service := r.service
	read := func(ctx context.Context) (err error) {
		got, err = service.Shown(ctx)
		return err
	}
	return job{kind: kindLook, name: "read presence", run: read, done: func(err error, now time.Time) {
		if err == nil {
			r.learn(got, now)
		}
	}}
}

// learn draws the conclusions from an answer.
func (r *reconciler) learn(got Shown, now time.Time) {
	last := r.look.shown.Sequence
	recent := !r.look.at.IsZero() && now.Before(r.look.at.Add(settleTime))
	r.look.due, r.look.fresh, r.look.recheck = false, true, time.Time{}
	if recent && got.Sequence != "" && got.Sequence < last {
		r.look.at = now // answers have overtaken each other: this one is older
		r.recheck(now)
		return
	}
	r.look.shown, r.look.at = got, now
	r.look.ownShown = r.look.ownShown || got.Is(Away) && r.alive(now).Is(Away)
	r.noticeOthers(now)
	if got.Is(Offline) && r.settled(now) && !r.alive(now).Zero() {
		r.ledger.Session.doubt() // somebody has cleared it: another computer that stopped
		r.meetOthers(now)
	}
	r.stepBack(now)
	r.learnNote(now)
	switch {
	case !r.settled(now) && !r.expected(now):
		r.recheck(now)
	case r.othersExpected(now) && r.alive(now).Is(Away):
		r.look.recheck = now.Add(lookAway)
	}
}

// rechecks are the times after a write at which an answer that does not show it
// is read again: most lags are short, and none is longer than settleTime.
var rechecks = [...]time.Duration{4 * time.Second, settleTime}

func (r *reconciler) recheck(now time.Time) {
	for _, after := range rechecks {
		if at := r.changed.Add(after); at.After(now) {
			r.look.recheck = at
			return
		}
	}
}

// expected reports whether what is shown is what follows from our writes.
func (r *reconciler) expected(now time.Time) bool {
	shown := r.look.shown.Pair
	own, session := r.ledger.Preferred.newest().Pair, r.ledger.Session.newest().Pair
	switch {
	case r.alive(now).Zero() && rank(shown.Availability) == 0:
		return true // without a session nothing else is shown
	case !own.Zero():
		return strings.EqualFold(own.Availability, shown.Availability)
	case !r.look.theirs.Zero(): // what a session can show as well is looked at again
		return shown.Is(r.look.theirs) && slices.Contains(preferredOnly, r.look.theirs)
	case r.recently(kindPreferred, sameAvailability(shown), now) && !shown.Is(session):
		return false
	case session.Zero():
		return !r.recently(kindSession, sameAvailability(shown), now)
	}
	return shown.Is(session) || (rank(shown.Availability) > rank(session.Availability) && !r.recently(kindSession, sameAvailability(shown), now))
}

// confirmed reports that what was read last is what colleagues see, as far as
// it can be known.
func (l *look) confirmed(r *reconciler, now time.Time) bool {
	return !l.at.IsZero() && !l.due && (l.recheck.IsZero() || r.settled(now)) && r.lasting() == nil
}

// alive returns our session that Graph shows now, unless another outranks it.
func (r *reconciler) alive(now time.Time) Pair {
	if e := r.ledger.Session; e.Sure && now.Before(e.newest().Expires) {
		return e.newest().Pair
	}
	return Pair{}
}
