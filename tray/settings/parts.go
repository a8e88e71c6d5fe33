package settings

import (
	"log/slog"
	"slices"
	"time"

	"heliograph/detect"
	"heliograph/detect/call"
	"heliograph/graph/presence"
)

// Policy returns the part of the settings that decides the automatic presence.
func (v Value) Policy() presence.Policy {
	a := v.Automatic
	p := presence.Policy{AwayAfter: time.Duration(a.AwayAfter), AwayWhenLocked: a.AwayWhenLocked, BusyInCall: a.BusyInCall,
		PresentWhenSharing: a.PresentWhenSharing, AwakeIsPresent: a.VideoIsPresence, CallMessage: a.CallMessage}
	if len(a.WorkDays) > 0 {
		p.Hours = a.Hours()
	}
	return p
}

// Hours returns the working hours of the settings. Without working days they
// still say when a day begins and ends.
func (a Automatic) Hours() presence.Hours {
	h := presence.Hours{From: int(a.WorkFrom), To: int(a.WorkTo)}
	for _, d := range a.WorkDays {
		h.Days[d] = true
	}
	return h
}

// maxSettle bounds how long there must be no input before the instant of the
// last one is read, so that a short pause does not wake the program.
const maxSettle = 30 * time.Second

// Detector returns the part of the settings that the detector needs.
func (v Value) Detector(log *slog.Logger) detect.Options {
	// The file's span counts too, so that the switch does not change Settle.
	away := time.Duration(min(v.File.Automatic.Away(), v.Automatic.Away()))
	o := detect.Options{Log: log, Settle: min(maxSettle, away/2), Debounce: time.Duration(v.Calls.Debounce), Grace: time.Duration(v.Calls.Grace), Programs: v.Programs()}
	if o.Debounce == 0 {
		o.Debounce = -1
	}
	if o.Grace == 0 {
		o.Grace = -1
	}
	return o
}

// Programs returns what the user says about programs: what they said by command
// or click, and what the file says about all others.
func (v Value) Programs() call.Programs { return v.Calls.programs() }

func (c Calls) programs() call.Programs {
	p := call.Programs{Allow: slices.Clone(c.Allow), Deny: slices.Clone(c.Deny)}
	for _, a := range c.App {
		p.Apps = append(p.Apps, call.App{ID: a.Name, Name: a.Name, Class: call.Class(a.Class), Match: a.Match})
	}
	return p
}
