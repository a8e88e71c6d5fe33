package presence

import (
	"context"
	"strings"
	"time"
)

// planShown reads what colleagues see after each write, and so with each
// renewal: the only way to learn of a choice that the user has made in Teams.
func (r *reconciler) planShown(now time.Time) (job, bool) {
	if !r.readDue {
		return job{}, false
	}
	var got Shown
	service := r.service
	read := func(ctx context.Context) (err error) {
		got, err = service.Shown(ctx)
		return err
	}
	return job{kindShown, "read presence", read, func(err error, _ time.Time) {
		if err != nil {
			return
		}
		r.readDue, r.shown, r.shownAt = false, got, now
		r.stepBack(now)
	}}, true
}

// stepBack yields to a preferred presence that the user picked in Teams.
func (r *reconciler) stepBack(now time.Time) {
	var session Pair
	if r.sent.holds(now) {
		session = r.sent.Pair
	}
	own, shown := r.saved.Preferred, r.shown.Pair
	switch {
	case r.saved.ours(shown):
		r.readBack = r.readBack || strings.EqualFold(shown.Availability, own.Availability)
		r.nothingTheirs = true
		r.setTheirs(Pair{})
		return
	case session.Zero():
		r.setTheirs(chosenInTeams(shown, session))
		return
	case own.Zero(), own.At.IsZero():
		// Ours was not accepted yet, so that it is not shown says nothing. A
		// choice in Teams that was not there before is newer than ours.
		picked := chosenInTeams(shown, session)
		if picked.Zero() {
			r.nothingTheirs = true
		} else if r.nothingTheirs && !r.want.Preferred.Zero() {
			r.endChoice(shown)
		}
		r.setTheirs(picked)
		return
	case !r.readBack && now.Before(own.At.Add(settleTime)):
		r.setTheirs(Pair{})
		return
	}
	r.endChoice(shown)
	r.setTheirs(chosenInTeams(shown, session))
}

// endChoice ends a choice because the user has made a newer one in Teams.
func (r *reconciler) endChoice(shown Pair) {
	r.opts.Log.Info("the user chose otherwise in Teams: back to automatic", "shown", shown)
	r.saved.Preferred, r.saved.Former, r.saved.Choice = Sent{}, nil, Choice{Status: Automatic}
	r.keep()
}

func (r *reconciler) setTheirs(p Pair) {
	if p != r.theirs {
		r.opts.Log.Info("preferred presence chosen in Teams", "pair", p)
	}
	r.theirs = p
}

// rank orders availabilities as Graph aggregates sessions.
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

// chosenInTeams infers from what is shown whether the user picked a preferred
// presence in Teams, given the session that heliograph holds and no preferred
// presence of ours. Graph has no field for it, so the rules of aggregation
// decide: such a choice is a pair that no session can show, or one that ranks
// below our own living session.
func chosenInTeams(shown, session Pair) Pair {
	for _, p := range preferredOnly {
		if shown.Is(p) {
			return p
		}
	}
	if session.Zero() || rank(shown.Availability) >= rank(session.Availability) {
		return Pair{}
	}
	switch {
	case shown.Is(PreferAvailable), shown.Is(PreferAway):
		return shown
	}
	return Pair{} // faded, or a value that this version does not know
}
