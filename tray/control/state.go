package control

import "time"

// State is what heliograph knows, in the only form in which it leaves the
// process: for `status --json`, followers, hooks, the webhook, MQTT and D-Bus.
// build/status.schema.json describes its JSON. Every field is always there,
// null where nothing is known; fields are only ever added.
//
// Its instants are before the year 10000, so that it always has a JSON form.
type State struct {
	// Text is the state in a few words, in the language of the instance.
	Text   string `json:"text"`
	Choice Choice `json:"choice"`
	// Wanted is what colleagues should see, and Reason why; nil until the
	// person's activity is known.
	Wanted *Pair   `json:"wanted"`
	Reason *Reason `json:"reason"`
	// Since is when Wanted and Reason began to hold. Until is when time alone
	// will change them; nil: never.
	Since *time.Time `json:"since"`
	Until *time.Time `json:"until"`
	// Sent is the presence session that Graph accepted last.
	Sent *Sent `json:"sent"`
	// Shown is what colleagues saw when Graph was asked last.
	Shown *Shown `json:"shown"`
	// Theirs is a presence that the person picked in Teams, which takes
	// precedence over Wanted.
	Theirs   *Pair    `json:"theirs"`
	Activity Activity `json:"activity"`
	// Account is who is signed in.
	Account *string `json:"account"`
	// Error is what is wrong and what to do about it, for people.
	Error *string `json:"error"`
}

// Choice is the status that the person chose.
type Choice struct {
	// Status is "automatic", "available", "busy", "dnd", "brb", "away",
	// "offline" or "paused".
	Status string     `json:"status"`
	Since  *time.Time `json:"since"` // when it was chosen
	Until  *time.Time `json:"until"` // when automatic comes back; nil: when changed
	// Message is the status message to show until then.
	Message *string `json:"message"`
}

// Pair is an availability with an activity, as Microsoft Graph names them.
type Pair struct {
	Availability string `json:"availability"`
	Activity     string `json:"activity"`
}

// Reason is the rule that decided, the same in words, and the program that led
// to it.
type Reason struct {
	Rule string  `json:"rule"`
	Text string  `json:"text"`
	App  *string `json:"app"`
}

// Sent is a presence session that Graph accepted at At and drops at Expires.
type Sent struct {
	Pair
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// Shown is what colleagues saw at At, as Graph answered.
type Shown struct {
	Pair
	SequenceNumber *string   `json:"sequenceNumber"`
	At             time.Time `json:"at"`
}

// Activity is what the person does.
type Activity struct {
	// LastInput is the last input; while InUse, when use began.
	LastInput *time.Time `json:"lastInput"`
	InUse     bool       `json:"inUse"` // input arrives now
	Idle      bool       `json:"idle"`
	Locked    bool       `json:"locked"`
	InCall    bool       `json:"inCall"`
	Call      *string    `json:"call"` // the name of the program in the call
}

// Sentence returns the state for a person, on one line.
func (s State) Sentence() string {
	if s.Reason == nil || s.Theirs != nil {
		return s.Text
	}
	return s.Text + ": " + s.Reason.Text
}

// WithoutMessage returns s without the text of the person's status message,
// which never leaves for other programs.
func (s State) WithoutMessage() State {
	s.Choice.Message = nil
	return s
}

// WithoutAccount returns s without who is signed in.
func (s State) WithoutAccount() State {
	s.Account = nil
	return s
}
