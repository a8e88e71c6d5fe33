package app

import (
	"time"

	"heliograph/detect"
	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/timeline"
	"heliograph/tray/words"
)

// signals names the parts of the detector that each rule rests on, the most
// important one first. Not every system has every part.
var signals = map[presence.Rule][]string{
	presence.RuleInput:     {"idle"},
	presence.RuleIdle:      {"idle"},
	presence.RuleUnknown:   {"idle"},
	presence.RuleAwake:     {"inhibitors", "awake", "idle"},
	presence.RuleLocked:    {"lock", "lockers", "sleep"},
	presence.RuleAsleep:    {"sleep", "clock"},
	presence.RuleElsewhere: {"sleep"},
	presence.RuleCall:      {"microphone", "sound-cards", "camera"},
	presence.RuleSharing:   {"microphone", "sound-cards"},
	presence.RuleTeamsCall: {"microphone", "sound-cards", "camera"},
}

// why returns the state with what led to it.
func (in *verbs) why() control.Why {
	w := control.Why{
		Status: in.wireState(),
		Signal: signalOf(in.loop.State().Want.Reason.Rule, in.watch.Parts()),
		Today:  []control.Moment{},
	}
	now := time.Now()
	y, m, d := now.Date()
	for _, e := range in.publish.timeline.Since(time.Date(y, m, d, 0, 0, 0, 0, now.Location())) {
		w.Today = append(w.Today, momentOf(e))
	}
	return w
}

// signalOf returns the first working part that a rule rests on; nil if there is
// none.
func signalOf(rule presence.Rule, parts []detect.Part) *control.Part {
	for _, name := range signals[rule] {
		for _, p := range parts {
			if p.Name == name && p.Problem == "" {
				return &control.Part{Name: p.Name, Backend: p.Backend, Value: p.Value, Fix: p.Fix, Polls: p.Polls}
			}
		}
	}
	return nil
}

// momentOf returns an entry of the timeline with its sentences.
func momentOf(e timeline.Entry) control.Moment {
	m := control.Moment{At: e.At.Local(), Availability: e.Availability, Activity: e.Activity, Rule: e.Rule, App: e.App}
	if e.Rule == ruleStopped {
		m.Text, m.Reason = words.Pair(presence.Offline), words.Say("reason.stopped")
		return m
	}
	if e.Rule == ruleTheirs || e.Rule == ruleOther {
		m.Text, m.Reason = words.Pair(presence.Pair{Availability: e.Availability, Activity: e.Activity}), words.Say("reason."+e.Rule)
		return m
	}
	reason := presence.Reason{Rule: presence.Rule(e.Rule), App: e.App}
	m.Text = words.Pair(presence.Pair{Availability: e.Availability, Activity: e.Activity})
	m.Reason = words.Reason(presence.State{Want: presence.Want{Reason: reason}})
	return m
}
