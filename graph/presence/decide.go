package presence

import (
	"strings"
	"time"

	"heliograph/detect"
)

// Policy is how Automatic judges an activity; each rule has its switch.
type Policy struct {
	// AwayAfter is the idle time after which a person is away; zero: never.
	AwayAfter time.Duration
	// AwayWhenLocked turns a locked screen into Away.
	AwayWhenLocked bool
	// BusyInCall turns a call into Busy.
	BusyInCall bool
	// PresentWhenSharing turns a screen share in a call into Do not disturb,
	// Presenting.
	PresentWhenSharing bool
	// AwakeIsPresent counts a program that keeps the screen awake (a video, a
	// presentation) as a person being present.
	AwakeIsPresent bool
	// Hours are the working hours.
	Hours Hours
	// CallMessage is the status message during a call; "{app}" stands for the
	// program's name. Empty: the message is left alone.
	CallMessage string
}

// Rule names what decided.
type Rule string

// The rules, strongest first.
const (
	RuleChoice    Rule = "choice"     // the user picked a status
	RulePaused    Rule = "paused"     // the user paused heliograph
	RuleAsleep    Rule = "asleep"     // the machine sleeps
	RuleHours     Rule = "hours"      // outside working hours
	RuleElsewhere Rule = "elsewhere"  // another user has the seat
	RuleTeamsCall Rule = "teams-call" // Teams tells its own calls
	RuleSharing   Rule = "sharing"    // sharing the screen in a call
	RuleCall      Rule = "call"       // in a call
	RuleLocked    Rule = "locked"     // the screen is locked
	RuleIdle      Rule = "idle"       // no input for Policy.AwayAfter
	RuleAwake     Rule = "awake"      // a program keeps the screen awake
	RuleInput     Rule = "input"      // input arrives
	RuleUnknown   Rule = "unknown"    // nothing tells whether anyone is there
)

// Reason is why a Want is as it is.
type Reason struct {
	Rule Rule
	// App is the program that led to it, for people; empty if none did.
	App string
	// Since is the fact's own instant (the last input, the start of the call,
	// of the choice); zero if it has none.
	Since time.Time
}

// Want is what colleagues should see.
type Want struct {
	// Session is the presence session to hold; zero: none.
	Session Pair
	// Preferred is the preferred presence to hold over it; zero: none of ours.
	Preferred Pair
	// PreferredUntil is when Preferred ends; zero: until changed.
	PreferredUntil time.Time
	// Message is the status message to hold; empty: leave it alone.
	Message string
	Reason  Reason
	// Until is the instant at which this answer would change by itself; zero:
	// it would not.
	Until time.Time
}

// Pair is what a colleague is meant to see: the preferred presence, else the
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

// Decide is the one place that turns a choice and an activity into presence.
// It is pure: the same arguments give the same answer, and now is the only
// clock.
func Decide(c Choice, a detect.Activity, p Policy, now time.Time) Want {
	c = c.At(now)
	switch c.Status {
	case Paused:
		return Want{Reason: Reason{Rule: RulePaused, Since: c.Since}, Until: c.Until}
	case Automatic:
		return automatic(a, p, now)
	}
	// A preferred presence is shown only over a living session, so the desk is
	// mirrored beneath it, working hours or not.
	p.Hours = Hours{}
	w := automatic(a, p, now)
	if w.Session.Zero() && w.Reason.Rule != RuleAsleep {
		w.Session = Available
	}
	w.Preferred, w.PreferredUntil = c.Status.Preferred(), c.Until
	w.Reason = Reason{Rule: RuleChoice, Since: c.Since}
	if c.Message != "" {
		w.Message = c.Message
	}
	w.Until = earlier(w.Until, c.Until)
	return w
}

// automatic mirrors the desk.
func automatic(a detect.Activity, p Policy, now time.Time) Want {
	working, edge := p.Hours.Contain(now)
	var w Want
	switch {
	case a.Asleep:
		return Want{Reason: Reason{Rule: RuleAsleep}}
	case !working:
		return Want{Reason: Reason{Rule: RuleHours}, Until: edge}
	case a.Elsewhere:
		w = Want{Session: Away, Reason: Reason{Rule: RuleElsewhere}}
	case a.Call.Active() && a.Call.Teams:
		// Teams shows its own call above whatever this session says.
		w = Want{Session: Available, Reason: Reason{Rule: RuleTeamsCall, App: a.Call.Name, Since: a.Call.Since}}
	case a.Call.Active() && p.BusyInCall:
		w = inCall(a.Call, p)
	case a.Locked && p.AwayWhenLocked:
		w = Want{Session: Away, Reason: Reason{Rule: RuleLocked}}
	default:
		w = byInput(a, p, now)
	}
	w.Until = earlier(w.Until, edge)
	return w
}

// byInput judges by the last input alone.
func byInput(a detect.Activity, p Policy, now time.Time) Want {
	at := Reason{Rule: RuleInput, Since: a.LastInput}
	switch {
	case a.InUse:
		return Want{Session: Available, Reason: at}
	case a.Inhibited && p.AwakeIsPresent:
		return Want{Session: Available, Reason: Reason{Rule: RuleAwake}}
	case a.LastInput.IsZero():
		return Want{Reason: Reason{Rule: RuleUnknown}}
	case p.AwayAfter <= 0:
		return Want{Session: Available, Reason: at}
	}
	edge := a.LastInput.Add(p.AwayAfter)
	if now.Before(edge) {
		return Want{Session: Available, Reason: at, Until: edge}
	}
	at.Rule = RuleIdle
	return Want{Session: Away, Reason: at}
}

func inCall(c detect.Call, p Policy) Want {
	w := Want{Session: InACall, Reason: Reason{Rule: RuleCall, App: c.Name, Since: c.Since}}
	switch {
	case c.Sharing && p.PresentWhenSharing:
		w.Session, w.Reason.Rule = Presenting, RuleSharing
	case c.Apps >= 2:
		w.Session = InAMeeting
	}
	w.Message = strings.ReplaceAll(p.CallMessage, "{app}", c.Name)
	return w
}

// earlier is the first of two instants, where zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
