// Package words holds the sentences that a person reads: the state, the reason
// and the until. It draws nothing and decides nothing.
package words

import (
	"fmt"
	"strings"
	"time"

	"heliograph/graph/presence"
)

// statuses by their names for people.
var statuses = map[presence.Status]string{
	presence.Automatic: "Automatic", presence.ChoseAvailable: "Available", presence.ChoseBusy: "Busy",
	presence.ChoseDND: "Do not disturb", presence.ChoseBRB: "Be right back", presence.ChoseAway: "Appear away",
	presence.ChoseOffline: "Appear offline", presence.Paused: "Paused",
}

// Status is a status's name.
func Status(s presence.Status) string { return statuses[s] }

// pairs by Graph's availability and activity, in lower case; activity first.
var pairs = map[string]string{
	"inacall": "In a call", "inaconferencecall": "In a conference call", "presenting": "Presenting", "inameeting": "In a meeting",
	"availableinactive": "Available, inactive", "offwork": "Appear offline", "outofoffice": "Out of office",
	"available": "Available", "busy": "Busy", "donotdisturb": "Do not disturb", "berightback": "Be right back", "away": "Away", "offline": "Offline",
}

// Pair is what a colleague reads of an availability and activity.
func Pair(p presence.Pair) string {
	availability, activity := strings.ToLower(p.Availability), strings.ToLower(p.Activity)
	general, known := pairs[availability]
	if !known {
		general = p.Availability
	}
	special, known := pairs[activity]
	if !known || activity == availability || activity == "offwork" || strings.HasPrefix(special, general) {
		if known && (activity == "offwork" || activity == "availableinactive") {
			return special
		}
		return general
	}
	return general + ", " + strings.ToLower(special[:1]) + special[1:]
}

// Reason says in one clause why a state holds.
func Reason(s presence.State) string {
	r := s.Want.Reason
	switch r.Rule {
	case presence.RuleChoice:
		return "you chose it" + since(r.Since)
	case presence.RulePaused:
		return "heliograph is paused and leaves Teams alone"
	case presence.RuleAsleep:
		return "the computer is going to sleep"
	case presence.RuleHours:
		return "outside your working hours"
	case presence.RuleElsewhere:
		return "another session has the screen"
	case presence.RuleTeamsCall:
		return r.App + " tells its own calls"
	case presence.RuleSharing:
		return "you share your screen in " + r.App
	case presence.RuleCall:
		return r.App + " is in a call" + since(r.Since)
	case presence.RuleLocked:
		return "the screen is locked"
	case presence.RuleIdle:
		return "no input" + since(r.Since)
	case presence.RuleAwake:
		return "a program keeps the screen awake"
	case presence.RuleInput:
		return "you are at the desk"
	}
	return "nothing here tells whether you are at the desk"
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + t.Local().Format("15:04")
}

// Until says when a choice ends; empty: when changed.
func Until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.Local().Format("15:04")
}

// Headline is the state in a few words.
func Headline(s presence.State) string {
	if !s.Theirs.Zero() {
		return fmt.Sprintf("%s (chosen in Teams)", Pair(s.Theirs))
	}
	if s.Choice.Status != presence.Automatic && s.Choice.Status != "" {
		return Status(s.Choice.Status) + Until(s.Choice.Until)
	}
	return Pair(s.Want.Pair())
}
