package app

import (
	"time"

	"heliograph/detect"
	"heliograph/graph/presence"
	"heliograph/tray/timeline"
	"heliograph/tray/words"
)

// Why is what `why --json` prints: the status, what told it, and today.
type Why struct {
	Status Status `json:"status"`
	// Signal is the part of the detector that the rule rests on; null where
	// none was asked, as with a choice of the user.
	Signal *detect.Part `json:"signal"`
	// Today begins with what held at midnight.
	Today []Moment `json:"today"`
}

// Moment is one stretch of today: it held from At until the next one.
type Moment struct {
	timeline.Entry
	Text   string `json:"text"`   // what colleagues should see, in words
	Reason string `json:"reason"` // why, in words
}

// signals names the parts of the detector that each rule rests on, the most
// telling first.
var signals = map[presence.Rule][]string{
	presence.RuleInput: {"idle"}, presence.RuleIdle: {"idle"}, presence.RuleUnknown: {"idle"},
	presence.RuleAwake:  {"inhibitors", "idle"},
	presence.RuleLocked: {"lock", "lockers", "sleep"},
	presence.RuleAsleep: {"sleep", "clock"}, presence.RuleElsewhere: {"sleep"},
	presence.RuleCall: {"microphone", "camera"}, presence.RuleSharing: {"microphone"}, presence.RuleTeamsCall: {"microphone", "camera"},
}

func (in *instance) why() Why {
	s := in.loop.State()
	w := Why{Status: in.status(), Today: []Moment{}}
	parts := in.watch.Parts()
	for _, name := range signals[s.Want.Reason.Rule] {
		for _, p := range parts {
			if p.Name == name && p.Problem == "" && w.Signal == nil {
				w.Signal = &p
			}
		}
	}
	now := time.Now()
	y, m, d := now.Date()
	for _, e := range in.timeline.Since(time.Date(y, m, d, 0, 0, 0, 0, now.Location())) {
		w.Today = append(w.Today, moment(e))
	}
	return w
}

func moment(e timeline.Entry) Moment {
	e.At = e.At.Local()
	if e.Rule == RuleStopped {
		return Moment{Entry: e, Text: words.Pair(presence.Offline), Reason: words.Say("reason.stopped")}
	}
	r := presence.Reason{Rule: presence.Rule(e.Rule), App: e.App}
	return Moment{Entry: e, Text: words.Pair(presence.Pair{Availability: e.Availability, Activity: e.Activity}),
		Reason: words.Reason(presence.State{Want: presence.Want{Reason: r}})}
}
