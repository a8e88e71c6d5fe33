package desk

import (
	"time"

	"heliograph/detect"
	"heliograph/graph/presence"
	"heliograph/tray/config"
)

// policy reads the rules of Automatic out of the settings.
func policy(c config.Config) presence.Policy {
	a := c.Automatic
	p := presence.Policy{AwayAfter: time.Duration(a.AwayAfter), AwayWhenLocked: a.AwayWhenLocked, BusyInCall: a.BusyInCall,
		PresentWhenSharing: a.PresentWhenSharing, AwakeIsPresent: a.VideoIsPresence, CallMessage: a.CallMessage}
	if len(a.WorkDays) > 0 {
		p.Hours = presence.Hours{From: int(a.WorkFrom), To: int(a.WorkTo)}
		for _, d := range a.WorkDays {
			p.Hours.Days[d] = true
		}
	}
	return p
}

// maxSettle is how long a desk rests before it is asked for its last input: a
// pause to read does not wake the program.
const maxSettle = 30 * time.Second

// detector reads the detector's part of the settings.
func (in *instance) detector() detect.Options {
	c := in.opts.Config
	o := detect.Options{Log: in.log, Settle: maxSettle, Debounce: time.Duration(c.Calls.Debounce), Grace: time.Duration(c.Calls.Grace), Apps: in.apps()}
	if d := time.Duration(c.Automatic.AwayAfter); d > 0 {
		o.Settle = min(o.Settle, d/2)
	}
	if o.Debounce == 0 {
		o.Debounce = -1
	}
	if o.Grace == 0 {
		o.Grace = -1
	}
	return o
}

// apps are the user's rows of the app table: what was denied first, then what
// the settings say.
func (in *instance) apps() []detect.App {
	var out []detect.App
	for _, name := range append(in.memory.denied(), in.opts.Config.Calls.Deny...) {
		out = append(out, detect.App{ID: "denied:" + name, Name: name, Class: detect.Never, Match: detect.Names(name)})
	}
	for _, name := range in.opts.Config.Calls.Allow {
		out = append(out, detect.App{ID: "allowed:" + name, Name: name, Class: detect.CallFirst, Match: []string{name}})
	}
	for _, a := range in.opts.Config.Calls.App {
		out = append(out, detect.App{ID: "own:" + a.Name, Name: a.Name, Class: detect.Class(a.Class), Match: a.Match})
	}
	return out
}
