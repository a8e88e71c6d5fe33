package app

import (
	"time"

	"heliograph/detect"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// rules returns the switches for the menu. seesAwake reports whether anything
// here can trigger the switch of the same name.
func rules(v settings.Value, seesAwake bool) []menu.Rule {
	var out []menu.Rule
	for _, s := range v.Switches() {
		row := menu.Rule{ID: s.ID, On: s.On, Label: words.Say("rule." + s.ID), Greyed: s.Empty}
		switch {
		case s.ID == "idle":
			row.Label = words.Say("rule.idle", words.Span(time.Duration(v.File.Automatic.Away())))
		case s.ID == "sharing" && !detect.SeesSharing:
			row.Label, row.Greyed = words.Say("rule.sharing.none"), true
		case s.ID == "awake" && !seesAwake:
			row.Label, row.Greyed = words.Say("rule.awake.none"), true
		case s.ID == "hours" && s.Empty:
			row.Label = words.Say("rule.hours.none")
		}
		out = append(out, row)
	}
	return out
}
