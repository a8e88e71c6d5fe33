package presence

import "time"

// Rule is the name of the rule that decided.
type Rule string

// The rules, strongest first.
const (
	RuleChoice    Rule = "choice"     // the user chose a status
	RulePaused    Rule = "paused"     // the user paused heliograph
	RuleAsleep    Rule = "asleep"     // the computer sleeps
	RuleHours     Rule = "hours"      // outside working hours
	RuleElsewhere Rule = "elsewhere"  // another user has the seat
	RuleTeamsCall Rule = "teams-call" // in a call in Teams, which shows it
	RuleSharing   Rule = "sharing"    // sharing the screen in a call
	RuleCall      Rule = "call"       // in a call
	RuleLocked    Rule = "locked"     // the screen is locked
	RuleIdle      Rule = "idle"       // no input for Policy.AwayAfter
	RuleAwake     Rule = "awake"      // a program keeps the screen awake
	RuleInput     Rule = "input"      // input arrives
	RuleUnknown   Rule = "unknown"    // whether anybody is there is not known
)

// Reason is why a Want is as it is.
type Reason struct {
	Rule Rule
	// App is the display name of the program that led to it; empty: none did.
	App string
	// Since is the instant of that fact: of the last input, of the start of the
	// call, of the choice; zero if it is not known.
	Since time.Time
}

// Want is what colleagues should see.
type Want struct {
	// Session is the presence session to hold; zero: none.
	Session Pair
	// Preferred is the preferred presence, which takes precedence over the
	// session; zero: none of ours.
	Preferred Pair
	// PreferredUntil is when Preferred ends; zero: until changed.
	PreferredUntil time.Time
	// Message is the status message to show; empty: leave the message alone.
	Message string
	Reason  Reason
	// Until is the instant at which this answer changes although nothing
	// happens; zero: it does not.
	Until time.Time
}

// Pair returns what a colleague should see: the preferred presence, else the
// session, else Offline.
func (w Want) Pair() Pair {
	switch {
	case !w.Preferred.Zero() && !w.Session.Zero():
		return w.Preferred
	case !w.Session.Zero():
		return w.Session
	}
	return Offline
}
