package presence

import (
	"context"
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
	// below: something less than our session was shown, which is a choice made in
	// Teams, or another computer has replaced it.
	below bool
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
	if e := &r.ledger.Session; got.Is(Offline) && r.settled(now) && !r.alive(now).Zero() {
		e.doubt() // somebody has cleared it: another computer that stopped
	}
	r.stepBack(now)
	r.learnNote(now)
	switch {
	case !r.settled(now) && !r.expected(now):
		r.recheck(now)
	case r.othersExpected(now) && r.alive(now).Is(Away):
		r.look.recheck = now.Add(yieldAway)
	}
}

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
		r.look.below = false
	case !r.ownSession(shown, now) && (shown.Is(Away) || shown.Is(Available)) && rank(shown.Availability) < rank(own.Availability):
		r.look.below = true
	default:
		r.look.below = false
	}
}

// meetOthers notes that another computer was noticed.
func (r *reconciler) meetOthers(now time.Time) {
	if !r.othersExpected(now) {
		r.opts.Log.Info("another computer shares the presence session")
	}
	r.ledger.Others = now
	r.keep()
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
	case !r.look.theirs.Zero():
		return shown.Is(r.look.theirs)
	case r.recently(kindPreferred, sameAvailability(shown), now) && !shown.Is(session):
		return false
	case session.Zero():
		return !r.recently(kindSession, samePair(shown), now)
	}
	return shown.Is(session) || (rank(shown.Availability) > rank(session.Availability) && !r.recently(kindSession, samePair(shown), now))
}

// confirmed reports that what was read last is what colleagues see, as far as
// it can be known.
func (l *look) confirmed(r *reconciler, now time.Time) bool {
	return !l.at.IsZero() && !l.due && l.recheck.IsZero() && r.lasting() == nil && !r.busy
}

// alive returns our session that Graph shows now, unless another outranks it.
func (r *reconciler) alive(now time.Time) Pair {
	if e := r.ledger.Session; e.Sure && now.Before(e.newest().Expires) {
		return e.newest().Pair
	}
	return Pair{}
}

// stepBack yields to a preferred presence that the person picked in Teams.
func (r *reconciler) stepBack(now time.Time) {
	shown, session, own := r.look.shown.Pair, r.alive(now), r.ledger.Preferred
	picked, positive := chosenInTeams(shown, session)
	settled := r.settled(now) || (r.look.ownSequence != "" && r.look.shown.Sequence > r.look.ownSequence)
	switch {
	case rank(shown.Availability) == 0 && !shown.Is(PreferOffline):
		return // no session, or a word that this version does not know
	case own.has(sameAvailability(shown)):
		r.setTheirs(Pair{})
		r.look.choiceIsOlder = false
		if sameAvailability(shown)(own.newest().Value) {
			r.look.ownSequence = r.look.shown.Sequence
		}
		r.look.nothingTheirs = r.look.nothingTheirs || r.sinceChoice(now)
	case r.recently(kindPreferred, sameAvailability(shown), now) && !settled, !settled && !positive:
		// It may be older than our last write, but not older than the choice.
		r.look.nothingTheirs = r.look.nothingTheirs || (!positive && r.sinceChoice(now))
	case own.newest().Accepted && !own.newest().Zero():
		if settled && (positive || !session.Zero()) {
			r.endChoice(shown)
			r.setTheirs(picked)
		}
	default:
		r.stepBackBefore(picked, now)
	}
}

// stepBackBefore yields to a choice in Teams while ours was not accepted yet, so
// that it is not shown says nothing. A choice in Teams that was not there before
// is newer than ours.
func (r *reconciler) stepBackBefore(picked Pair, now time.Time) {
	if picked.Zero() {
		r.look.nothingTheirs = r.look.nothingTheirs || r.sinceChoice(now)
	} else if !r.want.Preferred.Zero() && (r.look.nothingTheirs || r.look.choiceIsOlder) {
		r.endChoice(picked)
	}
	r.look.choiceIsOlder = false
	r.setTheirs(picked)
}

// sinceChoice reports that what is read now is not older than the choice.
func (r *reconciler) sinceChoice(now time.Time) bool {
	return !now.Before(r.choice.Since.Add(settleTime))
}

// endChoice ends a choice because the person has made a newer one in Teams.
func (r *reconciler) endChoice(shown Pair) {
	r.opts.Log.Info("the user chose otherwise in Teams: back to automatic", "shown", shown)
	r.ledger.Preferred.forget()
	r.setChoice(Choice{Status: Automatic})
}

func (r *reconciler) setTheirs(p Pair) {
	if p != r.look.theirs {
		r.opts.Log.Info("preferred presence chosen in Teams", "pair", p)
	}
	r.look.theirs = p
}

// rank orders availabilities as Graph aggregates sessions; 0: Offline, or a word
// that this version does not know.
//
// Source: https://learn.microsoft.com/graph/cloud-communications-manage-presence-state
func rank(availability string) int {
	switch strings.ToLower(availability) {
	case "donotdisturb":
		return 4
	case "busy", "busyidle":
		return 3
	case "available", "availableidle":
		return 2
	case "away", "berightback":
		return 1
	}
	return 0
}

// preferredOnly lists the pairs that no session can show.
var preferredOnly = []Pair{PreferBusy, PreferDoNotDisturb, PreferBeRightBack, PreferOffline}

// chosenInTeams infers from what is shown whether the person picked a preferred
// presence in Teams, given the session that heliograph holds and no preferred
// presence of ours. Graph has no field for it, so the rules of aggregation
// decide: such a choice is a pair that no session can show (positive), or one
// that ranks below our own living session.
func chosenInTeams(shown, session Pair) (picked Pair, positive bool) {
	for _, p := range preferredOnly {
		if shown.Is(p) {
			return p, true
		}
	}
	if session.Zero() || rank(shown.Availability) >= rank(session.Availability) {
		return Pair{}, false
	}
	switch {
	case shown.Is(PreferAvailable), shown.Is(PreferAway):
		return shown, false
	}
	return Pair{}, false // faded, or a value that this version does not know
}
