// Package outlets tells other programs what the desk is doing: a command of the
// user's, a webhook, an MQTT broker with Home Assistant behind it, and on
// Linux whoever asks on the session bus. Each outlet gets the latest [State]
// when something that matters to a colleague has changed, and is never waited
// for.
//
// It refuses to carry message texts, window titles and tokens: State has no
// field for them. It takes no decision and knows neither Microsoft nor the
// detector.
package outlets

import (
	"encoding/json"
	"time"
)

// State is what other programs are told, under the names that
// `heliograph status --json` has; its fields only ever grow.
type State struct {
	Choice Choice `json:"choice"`
	// Wanted is what colleagues should see, and Reason why.
	Wanted Pair   `json:"wanted"`
	Reason Reason `json:"reason"`
	// Since is when Wanted and Reason began to hold; Until when they change by
	// themselves, which moves with the user's input. Zero: unknown, never.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Sent and Shown are what Microsoft was told and told last; nil: nothing.
	Sent  *Sent  `json:"sent"`
	Shown *Shown `json:"shown"`
	// Theirs is a presence that the user picked in Teams, which stands above
	// Wanted; zero: none seen.
	Theirs   Pair     `json:"theirs,omitzero"`
	Activity Activity `json:"activity"`
	// Account is left out of what leaves the machine unless the settings say
	// otherwise.
	Account string `json:"account,omitempty"`
	// Error is the trouble that lasts, for people; empty: none.
	Error string `json:"error"`
}

// Choice is the user's own word, without the status message.
type Choice struct {
	Status string    `json:"status"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

// Pair is an availability with an activity, as Microsoft Graph names them.
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

// Sent is the presence session that Graph accepted last.
type Sent struct {
	Pair
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// Shown is what colleagues saw at At, as Graph told.
type Shown struct {
	Pair
	SequenceNumber string    `json:"sequenceNumber"`
	At             time.Time `json:"at"`
}

// Activity is what the desk is doing.
type Activity struct {
	LastInput time.Time `json:"lastInput,omitzero"`
	Idle      bool      `json:"idle"`
	Locked    bool      `json:"locked"`
	// InCall reports a call, and Call is the name of the program that has it.
	InCall bool   `json:"inCall"`
	Call   string `json:"call"`
}

// key is the part of a state whose change is worth an outlet's work. Input
// itself is not, nor what follows from it (Until), nor that a session was
// renewed: a person who types must not run a command every half minute.
type key struct {
	choice   Choice
	wanted   Pair
	rule     string
	app      string
	since    int64
	theirs   Pair
	activity Activity
	err      string
}

func (s State) key() key {
	k := key{choice: s.Choice, wanted: s.Wanted, rule: s.Reason.Rule, app: s.Reason.App, theirs: s.Theirs, activity: s.Activity, err: s.Error}
	k.activity.LastInput = time.Time{}
	// Two instants may be equal and still differ as Go values.
	k.choice.Since, k.choice.Until = k.choice.Since.UTC().Round(0), k.choice.Until.UTC().Round(0)
	if !s.Since.IsZero() {
		k.since = s.Since.UnixNano()
	}
	return k
}

// body is the state as JSON, with or without the account.
func (s State) body(account bool) []byte {
	if !account {
		s.Account = ""
	}
	raw, err := json.Marshal(s)
	if err != nil {
		// Only a year beyond 9999 cannot be told; such an instant is none.
		s.Since, s.Until, s.Choice.Since, s.Choice.Until, s.Activity.LastInput = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
		s.Sent, s.Shown = nil, nil
		raw, _ = json.Marshal(s)
	}
	return raw
}
