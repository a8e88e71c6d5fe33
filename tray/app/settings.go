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

// rule is one switch of Automatic: where the settings file has it, and what it
// does to the policy. The user's switch in the tray wins over the file.
type rule struct {
	id    string
	file  func(settings.Automatic) bool
	apply func(p *presence.Policy, a settings.Automatic, on bool)
	label func(settings.Automatic) string
	// empty: there is nothing that the switch could switch on.
	empty func(settings.Automatic) bool
}

// awayAfter serves a file that says never and a switch that says otherwise.
const awayAfter = 5 * time.Minute

var switches = []rule{
	{id: "idle", file: func(a settings.Automatic) bool { return a.AwayAfter > 0 },
		apply: func(p *presence.Policy, a settings.Automatic, on bool) {
			if p.AwayAfter = 0; on {
				p.AwayAfter = idleSpan(a)
			}
		},
		label: func(a settings.Automatic) string { return words.Say("rule.idle", short(idleSpan(a))) }},
	{id: "locked", file: func(a settings.Automatic) bool { return a.AwayWhenLocked },
		apply: func(p *presence.Policy, _ settings.Automatic, on bool) { p.AwayWhenLocked = on }},
	{id: "call", file: func(a settings.Automatic) bool { return a.BusyInCall },
		apply: func(p *presence.Policy, _ settings.Automatic, on bool) { p.BusyInCall = on }},
	{id: "sharing", file: func(a settings.Automatic) bool { return a.PresentWhenSharing },
		apply: func(p *presence.Policy, _ settings.Automatic, on bool) { p.PresentWhenSharing = on },
		label: func(settings.Automatic) string {
			if !detect.SeesSharing {
				return words.Say("rule.sharing.none")
			}
			return words.Say("rule.sharing")
		},
		empty: func(settings.Automatic) bool { return !detect.SeesSharing }},
	{id: "awake", file: func(a settings.Automatic) bool { return a.VideoIsPresence },
		apply: func(p *presence.Policy, _ settings.Automatic, on bool) { p.AwakeIsPresent = on }},
	{id: "message", file: func(a settings.Automatic) bool { return a.CallMessage != "" },
		apply: func(p *presence.Policy, a settings.Automatic, on bool) {
			switch p.CallMessage = a.CallMessage; {
			case !on:
				p.CallMessage = ""
			case p.CallMessage == "":
				p.CallMessage = words.Say("call-message", "{app}")
			}
		}},
	{id: "hours", file: func(a settings.Automatic) bool { return len(a.WorkDays) > 0 },
		apply: func(p *presence.Policy, a settings.Automatic, on bool) {
			if p.Hours = (presence.Hours{}); on && len(a.WorkDays) > 0 {
				p.Hours = hours(a)
			}
		},
		label: func(a settings.Automatic) string {
			if len(a.WorkDays) == 0 {
				return words.Say("rule.hours.none")
			}
			return words.Say("rule.hours")
		},
		empty: func(a settings.Automatic) bool { return len(a.WorkDays) == 0 }},
}

func idleSpan(a settings.Automatic) time.Duration {
	if a.AwayAfter > 0 {
		return time.Duration(a.AwayAfter)
	}
	return awayAfter
}

// short writes a span without its zero parts: 5m, 1h30m.
func short(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if len(text) > len(zero) && text[len(text)-len(zero):] == zero {
			text = text[:len(text)-2]
		}
	}
	return text
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

// policy is how Automatic judges: the file, then the switches of the tray.
func (in *instance) policy() presence.Policy {
	var p presence.Policy
	a := in.opts.Config.Automatic
	for _, r := range switches {
		r.apply(&p, a, in.memory.rule(r.id, r.file(a)))
	}
	return p
}

// rules are the switches for the menu.
func (in *instance) rules() []menu.Rule {
	var out []menu.Rule
	a := in.opts.Config.Automatic
	for _, r := range switches {
		row := menu.Rule{ID: r.id, On: in.memory.rule(r.id, r.file(a)), Greyed: r.empty != nil && r.empty(a)}
		if r.label != nil {
			row.Label = r.label(a)
		} else {
			row.Label = words.Say("rule." + r.id)
		}
		out = append(out, row)
	}
	return out
}

// toggle turns one switch over.
func (in *instance) toggle(id string) {
	a := in.opts.Config.Automatic
	for _, r := range switches {
		if r.id == id {
			on := !in.memory.rule(id, r.file(a))
			in.log.Info("rule switched", "rule", id, "on", on)
			in.memory.setRule(id, on, r.file(a))
			in.loop.SetPolicy(in.policy())
		}
	}
}

// maxSettle is how long a desk rests before it is asked for its last input: a
// pause to read does not wake the program.
const maxSettle = 30 * time.Second

// detector reads the detector's part of the settings.
func (in *instance) detector() detect.Options { return detector(in.opts.Config, in.log, in.memory) }

// DetectorOptions are the detector's part of the settings, with what the user
// told the running instance, for a command that looks by itself.
func DetectorOptions(c settings.Config, log *slog.Logger) detect.Options {
	return detector(c, log, openMemory(log, "", false))
}

func detector(c settings.Config, log *slog.Logger, m *memory) detect.Options {
	o := detect.Options{Log: log, Settle: min(maxSettle, idleSpan(c.Automatic)/2), Debounce: time.Duration(c.Calls.Debounce),
		Grace: time.Duration(c.Calls.Grace), Programs: programs(c, m)}
	if o.Debounce == 0 {
		o.Debounce = -1
	}
	if o.Grace == 0 {
		o.Grace = -1
	}
	return o
}

func (in *instance) programs() call.Programs { return programs(in.opts.Config, in.memory) }

// programs is what the user says about programs: what they said by command or
// click, and what the settings file says about all others.
func programs(c settings.Config, m *memory) call.Programs {
	var p call.Programs
	for _, a := range c.Calls.App {
		p.Apps = append(p.Apps, call.App{ID: a.Name, Name: a.Name, Class: call.Class(a.Class), Match: a.Match})
	}
	denied, allowed := m.verdicts()
	except := func(list, said []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(name string) bool {
			return slices.ContainsFunc(said, func(s string) bool { return strings.EqualFold(p.ID(s), p.ID(name)) })
		})
	}
	p.Deny = append(denied, except(c.Calls.Deny, allowed)...)
	p.Allow = append(allowed, except(c.Calls.Allow, denied)...)
	return p
}
