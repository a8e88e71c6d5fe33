package presence

import "strings"

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

// chosenInTeams tells from what is shown whether the user picked a preferred
// presence in Teams, given the session that heliograph holds and no preferred
// presence of ours. Graph has no field for it, so it is inferred from the
// rules of aggregation: a pair that no session can show, or one that ranks
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
	return Pair{} // faded, or a value this version does not know
}
