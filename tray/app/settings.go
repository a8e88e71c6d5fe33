package app

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"heliograph/detect"
	"heliograph/detect/call"
	"heliograph/graph/presence"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// CallMessage is the status message in a call where the menu asks for one and
// the settings file has none.
func CallMessage(l settings.Language) string {
	return words.SayIn(string(l), "call-message", "{app}")
}

// policy is the part of the settings that decides the automatic presence.
func policy(v settings.Value) presence.Policy {
	a := v.Automatic
	p := presence.Policy{AwayAfter: time.Duration(a.AwayAfter), AwayWhenLocked: a.AwayWhenLocked, BusyInCall: a.BusyInCall,
		PresentWhenSharing: a.PresentWhenSharing, AwakeIsPresent: a.VideoIsPresence, CallMessage: a.CallMessage}
	if len(a.WorkDays) > 0 {
		p.Hours = hours(a)
	}
	return p
}

// hours are the working hours of the settings. Without working days they still
// say when a day begins and ends.
func hours(a settings.Automatic) presence.Hours {
	h := presence.Hours{From: int(a.WorkFrom), To: int(a.WorkTo)}
	for _, d := range a.WorkDays {
		h.Days[d] = true
	}
	return h
}

// rules are the switches for the menu.
func rules(v settings.Value) []menu.Rule {
	var out []menu.Rule
	for _, s := range v.Switches() {
		row := menu.Rule{ID: s.ID, On: s.On, Label: words.Say("rule." + s.ID), Greyed: s.Empty}
		switch {
		case s.ID == "idle":
			row.Label = words.Say("rule.idle", v.File.Automatic.Away())
		case s.ID == "sharing" && !detect.SeesSharing:
			row.Label, row.Greyed = words.Say("rule.sharing.none"), true
		case s.ID == "hours" && s.Empty:
			row.Label = words.Say("rule.hours.none")
		}
		out = append(out, row)
	}
	return out
}

// toggle turns one switch over.
func (in *instance) toggle(id string) {
	for _, s := range in.settings.Value().Switches() {
		if s.ID == id {
			in.log.Info("rule switched", "rule", id, "on", !s.On)
			in.settings.SetSwitch(id, !s.On)
		}
	}
}

// maxSettle is how long there must be no input before the instant of the last
// one is asked for, so that a pause to read does not wake the program.
const maxSettle = 30 * time.Second

// DetectorOptions are the detector's part of the settings.
func DetectorOptions(v settings.Value, log *slog.Logger) detect.Options {
	// The file's span counts too, so that the switch does not change Settle.
	away := time.Duration(min(v.File.Automatic.Away(), v.Automatic.Away()))
	o := detect.Options{Log: log, Settle: min(maxSettle, away/2), Debounce: time.Duration(v.Calls.Debounce), Grace: time.Duration(v.Calls.Grace), Programs: programs(v)}
	if o.Debounce == 0 {
		o.Debounce = -1
	}
	if o.Grace == 0 {
		o.Grace = -1
	}
	return o
}

// programs is what the user says about programs: what they said by command or
// click, and what the file says about all others.
func programs(v settings.Value) call.Programs {
	var p call.Programs
	for _, a := range v.Calls.App {
		p.Apps = append(p.Apps, call.App{ID: a.Name, Name: a.Name, Class: call.Class(a.Class), Match: a.Match})
	}
	except := func(list, said []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(name string) bool {
			return slices.ContainsFunc(said, func(s string) bool { return strings.EqualFold(p.ID(s), p.ID(name)) })
		})
	}
	p.Deny = except(v.Calls.Deny, v.Menu.Allowed)
	p.Allow = except(v.Calls.Allow, v.Menu.Denied)
	return p
}
