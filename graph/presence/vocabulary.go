// Package presence decides what colleagues should see and keeps Microsoft
// Graph in step with it. It uses Graph's vocabulary and does not make requests
// itself: whatever implements [Service] makes them.
//
// It refuses to raise presence without a reason: every [Want] names the rule
// that it follows from.
package presence

import "strings"

// Pair is an availability together with an activity, as Graph spells them in
// PascalCase. The zero Pair means "none".
//
// Source: https://learn.microsoft.com/graph/api/resources/presence
type Pair struct {
	Availability string
	Activity     string
}

// The pairs that presence: setPresence accepts for an application session.
//
// Source: https://learn.microsoft.com/graph/api/presence-setpresence
var (
	Available  = Pair{"Available", "Available"}
	InACall    = Pair{"Busy", "InACall"}
	InAMeeting = Pair{"Busy", "InAConferenceCall"}
	Away       = Pair{"Away", "Away"}
	Presenting = Pair{"DoNotDisturb", "Presenting"}
)

// The pairs that presence: setUserPreferredPresence accepts.
//
// Source: https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence
var (
	PreferAvailable    = Pair{"Available", "Available"}
	PreferBusy         = Pair{"Busy", "Busy"}
	PreferDoNotDisturb = Pair{"DoNotDisturb", "DoNotDisturb"}
	PreferBeRightBack  = Pair{"BeRightBack", "BeRightBack"}
	PreferAway         = Pair{"Away", "Away"}
	PreferOffline      = Pair{"Offline", "OffWork"}
)

// Offline is what Graph shows of a person without any living session.
var Offline = Pair{"Offline", "Offline"}

// Zero reports whether p is the zero Pair.
func (p Pair) Zero() bool { return p == Pair{} }

// Is compares two pairs the way Graph's answers must be read: without regard
// to case.
func (p Pair) Is(q Pair) bool {
	return strings.EqualFold(p.Availability, q.Availability) && strings.EqualFold(p.Activity, q.Activity)
}

// String returns "Availability/Activity", or "none".
func (p Pair) String() string {
	if p.Zero() {
		return "none"
	}
	return p.Availability + "/" + p.Activity
}
