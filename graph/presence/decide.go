package presence

import (
	"strings"
	"time"

	"heliograph/detect"
)

// Decide returns the presence that colleagues should see. No other code turns a
// choice and an activity into presence. It is pure: the same arguments give the
// same answer. Working hours are in the time zone of now.
func Decide(c Choice, a detect.Activity, p Policy, now time.Time) Want {
	c = c.At(now)
	switch c.Status {
	case Paused:
		return Want{Reason: Reason{Rule: RulePaused, Since: c.Since}, Until: c.Until}
	case Automatic:
		return automatic(a, p, now)
	}
	// Graph shows a preferred presence only while a session lives, so there is
	// a session as well, outside working hours too.
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

// automatic decides from what the person does.
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
		// Teams shows its own call instead of our session, whatever that is.
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

// byInput decides from the last input alone.
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

// inCall decides during a call that is not in Teams.
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

// earlier returns the first of two instants, where zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
