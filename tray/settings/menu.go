package settings

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Menu is what a person has set by clicks, or by commands that do the same. It
// wins over the file, and outlives the process.
type Menu struct {
	// Switches are the positions that differ from the file, by the id of the
	// switch.
	Switches map[string]bool `json:"rules,omitempty"`
	// Denied and Allowed are the programs whose recordings are never, and
	// always, a call.
	Denied  []string `json:"denied,omitempty"`
	Allowed []string `json:"allowed,omitempty"`
}

func (m Menu) clone() Menu {
	return Menu{maps.Clone(m.Switches), slices.Clone(m.Denied), slices.Clone(m.Allowed)}
}

// forget removes a program from both lists, ignoring case, and reports whether
// it was in one of them.
func (m *Menu) forget(app string) bool {
	n := len(m.Denied) + len(m.Allowed)
	same := func(name string) bool { return strings.EqualFold(name, app) }
	m.Denied = slices.DeleteFunc(m.Denied, same)
	m.Allowed = slices.DeleteFunc(m.Allowed, same)
	return len(m.Denied)+len(m.Allowed) < n
}

// calls puts the lists of the menu before those of the file; a program that the
// menu has in one list, under whatever name, is left out of the file's other one.
func (m Menu) calls(c *Calls) {
	id := func(name string) string { id, _ := c.programs().ID(name); return id }
	merge := func(menu, file, other []string) []string {
		out := slices.Clone(menu)
		for _, name := range file {
			same := func(s string) bool { return strings.EqualFold(id(s), id(name)) }
			if !slices.ContainsFunc(out, same) && !slices.ContainsFunc(other, same) {
				out = append(out, name)
			}
		}
		return out
	}
	c.Deny, c.Allow = merge(m.Denied, c.Deny, m.Allowed), merge(m.Allowed, c.Allow, m.Denied)
}

// Switch is a switch of the menu over one setting of [automatic].
type Switch struct {
	ID string
	On bool
	// Empty reports that the switch has nothing to switch on, by what the file
	// says.
	Empty bool
}

// switchRule says how a switch depends on its setting.
type switchRule struct {
	id, key string
	isOn    func(Automatic) bool
	// set changes the setting to what the switch says. file is what the file says,
	// and message the status message where the file has none.
	set   func(a *Automatic, on bool, file Automatic, message func() string)
	empty func(Automatic) bool // nil: never
}

// defaultAwayAfter counts where the switch is on and the file says never.
const defaultAwayAfter = Duration(5 * time.Minute)

var switchRules = []switchRule{
	{id: "idle", key: "automatic.away_after",
		isOn: func(a Automatic) bool { return a.AwayAfter > 0 },
		set: func(a *Automatic, on bool, file Automatic, _ func() string) {
			a.AwayAfter = 0
			if on {
				a.AwayAfter = file.Away()
			}
		}},
	flag("locked", "automatic.away_when_locked", func(a *Automatic) *bool { return &a.AwayWhenLocked }),
	flag("call", "automatic.busy_in_call", func(a *Automatic) *bool { return &a.BusyInCall }),
	flag("sharing", "automatic.present_when_sharing", func(a *Automatic) *bool { return &a.PresentWhenSharing }),
	flag("awake", "automatic.video_is_presence", func(a *Automatic) *bool { return &a.VideoIsPresence }),
	{id: "message", key: "automatic.call_message",
		isOn: func(a Automatic) bool { return a.CallMessage != "" },
		set: func(a *Automatic, on bool, file Automatic, message func() string) {
			a.CallMessage = file.CallMessage
			switch {
			case !on:
				a.CallMessage = ""
			case a.CallMessage == "":
				a.CallMessage = message()
			}
		}},
	{id: "hours", key: "automatic.work_days",
		isOn: func(a Automatic) bool { return len(a.WorkDays) > 0 },
		set: func(a *Automatic, on bool, file Automatic, _ func() string) {
			a.WorkDays = nil
			if on {
				a.WorkDays = file.WorkDays
			}
		},
		empty: func(a Automatic) bool { return len(a.WorkDays) == 0 }},
}

// flag returns a switch over a setting that is true or false.
func flag(id, key string, field func(*Automatic) *bool) switchRule {
	return switchRule{id: id, key: key,
		isOn: func(a Automatic) bool { return *field(&a) },
		set:  func(a *Automatic, on bool, _ Automatic, _ func() string) { *field(a) = on }}
}

// Away returns after how long without input a person is away, as a switch that
// is on has it.
func (a Automatic) Away() Duration {
	if a.AwayAfter > 0 {
		return a.AwayAfter
	}
	return defaultAwayAfter
}

// ruleOf finds a switch by its id.
func ruleOf(id string) (switchRule, bool) {
	i := slices.IndexFunc(switchRules, func(r switchRule) bool { return r.id == id })
	if i < 0 {
		return switchRule{}, false
	}
	return switchRules[i], true
}
