package words

import (
	"strings"
	"time"

	"heliograph/graph/presence"
	"heliograph/graph/zone"
)

// Status is a status's name.
func Status(s presence.Status) string { return Say("status." + string(s)) }

// Pair is what a colleague reads of an availability and activity: the
// activity where it says more than the availability does. A value that this
// version does not know is shown as Graph spells it.
func Pair(p presence.Pair) string {
	availability, activity := "pair."+strings.ToLower(p.Availability), "pair."+strings.ToLower(p.Activity)
	if !Known(availability) {
		return p.Availability
	}
	switch general := Say(availability); {
	case !Known(activity), activity == availability:
		return general
	case activity == "pair.offwork", activity == "pair.availableinactive":
		return Say(activity)
	default:
		return general + ", " + Say(activity+".beside")
	}
}

// Reason says in one clause why a state holds.
func Reason(s presence.State) string {
	r := s.Want.Reason
	key := "reason." + string(r.Rule)
	if r.Rule == "" {
		key = "reason.unknown"
	}
	text := Say(key, r.App)
	switch r.Rule {
	case presence.RuleChoice, presence.RuleCall, presence.RuleSharing, presence.RuleIdle:
		if !r.Since.IsZero() {
			text += " " + Say("since", Clock(r.Since, time.Now()))
		}
	}
	return text
}

// Clock is an instant as a person reads it: the time today, with the weekday
// within a week, else with the date.
func Clock(t, now time.Time) string {
	here := zone.Local() // the computer may have travelled since the start
	t, now = t.In(here), now.In(here)
	clock := t.Format("15:04")
	days := int(day(t).Sub(day(now)).Round(24*time.Hour) / (24 * time.Hour))
	switch {
	case days == 0:
		return clock
	case days == 1:
		return Say("tomorrow", clock)
	case days > -7 && days < 7:
		return Say("day."+strings.ToLower(t.Weekday().String()[:3])) + " " + clock
	}
	return t.Format("2006-01-02") + " " + clock
}

func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Until says when a choice ends; empty: when changed.
func Until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " " + Say("until", Clock(t, time.Now()))
}

// Headline is the state in a few words.
func Headline(s presence.State) string {
	if !s.Theirs.Zero() {
		return Say("theirs", Pair(s.Theirs))
	}
	if s.Choice.Status != presence.Automatic && s.Choice.Status != "" {
		return Status(s.Choice.Status) + Until(s.Choice.Until)
	}
	return Pair(s.Want.Pair())
}

// Because joins a state and its reason to one sentence.
func Because(s presence.State) string { return Say("because", Headline(s), Why(s)) }

// Why is the reason for what colleagues see, the user's own choice in Teams
// included.
func Why(s presence.State) string {
	if !s.Theirs.Zero() {
		return Say("why.theirs", Pair(s.Theirs))
	}
	return Reason(s)
}
