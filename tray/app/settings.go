package app

import (
	"heliograph/detect"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

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
