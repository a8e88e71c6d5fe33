package presence

import (
	"strings"
	"time"
)

// stepBack yields to a preferred presence that the person picked in Teams.
func (r *reconciler) stepBack(now time.Time) {
	shown, session, own := r.look.shown.Pair, r.alive(now), r.ledger.Preferred
	picked, positive := chosenInTeams(shown, session)
	settled := r.settled(now) || r.look.afterOwn()
	switch {
	case rank(shown.Availability) == 0 && !shown.Is(PreferOffline):
		return // no session, or a word that this version does not know
	case settled && r.look.exact && shown.Is(session) && own.newest().Accepted && sameAvailability(shown)(own.newest().Value):
		r.endChoice(shown)
		r.setTheirs(Pair{})
	case own.has(sameAvailability(shown)):
		r.look.exact = r.look.exact || own.has(samePair(shown)) && sameAvailability(shown)(Value{Pair: session}) && !shown.Is(session)
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
		if settled { // some session lives, and ours would be shown in its place
			r.endChoice(shown)
			r.setTheirs(picked)
		}
	case picked.Zero(), positive, r.look.stays, settled && r.look.choiceIsOlder && !r.othersExpected(now):
		r.stepBackBefore(picked, now)
	}
}

// afterOwn reports that what was read is newer than an answer that showed our
// preferred presence.
func (l *look) afterOwn() bool { return l.ownSequence != "" && l.shown.Sequence > l.ownSequence }

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
		r.clearTheirs = false
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
