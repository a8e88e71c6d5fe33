package desk

import (
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray/words"
)

// Status is what `status --json` prints; its fields only ever grow.
type Status struct {
	Choice   presence.Choice `json:"choice"`
	Wanted   Pair            `json:"wanted"`
	Reason   Reason          `json:"reason"`
	Since    time.Time       `json:"since,omitzero"`
	Until    time.Time       `json:"until,omitzero"`
	Sent     *SentStatus     `json:"sent"`
	Shown    *ShownStatus    `json:"shown"`
	Activity ActivityStatus  `json:"activity"`
	Account  string          `json:"account"`
	Error    string          `json:"error"`
}

// Pair is an availability with an activity, as Graph names them.
type Pair struct {
	Availability string `json:"availability"`
	Activity     string `json:"activity"`
}

// Reason is which rule decided, in words, and through which program.
type Reason struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
	App  string `json:"app,omitempty"`
}

// SentStatus is the session that Graph accepted last.
type SentStatus struct {
	Pair
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// ShownStatus is what colleagues see, as Graph last told.
type ShownStatus struct {
	Pair
	SequenceNumber string    `json:"sequenceNumber"`
	At             time.Time `json:"at"`
}

// ActivityStatus is what the desk is doing.
type ActivityStatus struct {
	LastInput time.Time `json:"lastInput,omitzero"`
	Idle      bool      `json:"idle"`
	Locked    bool      `json:"locked"`
	Call      string    `json:"call"`
}

// Sentence is the status for a person.
func (s Status) Sentence() string {
	text := words.Pair(presence.Pair(s.Wanted)) + ": " + s.Reason.Text
	if s.Error != "" {
		text += "\n" + s.Error
	}
	return text
}

func (in *instance) status() Status {
	f := in.facts()
	s := f.State
	p := s.Want.Pair()
	out := Status{Choice: s.Choice, Wanted: Pair(p), Since: s.Since, Until: s.Want.Until, Account: f.Account, Error: f.Trouble,
		Reason:   Reason{Rule: string(s.Want.Reason.Rule), Text: words.Reason(s), App: s.Want.Reason.App},
		Activity: ActivityStatus{LastInput: s.Activity.LastInput, Idle: s.Want.Reason.Rule == presence.RuleIdle, Locked: s.Activity.Locked, Call: s.Activity.Call.Name}}
	if !s.Sent.Zero() {
		out.Sent = &SentStatus{Pair(s.Sent.Pair), s.Sent.At, s.Sent.Expires}
	}
	if !s.ShownAt.IsZero() {
		out.Shown = &ShownStatus{Pair(s.Shown.Pair), s.Shown.Sequence, s.ShownAt}
	}
	if out.Account == "" && out.Error == "" {
		out.Error = graph.Explain(presence.ErrSignIn).String()
	}
	return out
}
