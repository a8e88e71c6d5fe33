package app

import (
	"context"
	"encoding/json"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/menu"
	"heliograph/tray/words"
)

// Status is what `status --json` prints, under build/status.schema.json. Every
// field is always there, null where nothing is known; the set only ever grows.
type Status struct {
	// Text is the state in a few words, in the language of the instance.
	Text   string       `json:"text"`
	Choice ChoiceStatus `json:"choice"`
	// Wanted is what colleagues should see, and Reason why; null until the
	// desk was seen.
	Wanted *Pair   `json:"wanted"`
	Reason *Reason `json:"reason"`
	// Since is when Wanted and Reason began to hold; Until when they change by
	// themselves.
	Since *time.Time   `json:"since"`
	Until *time.Time   `json:"until"`
	Sent  *SentStatus  `json:"sent"`
	Shown *ShownStatus `json:"shown"`
	// Theirs is a presence that the user picked in Teams, which stands above
	// Wanted.
	Theirs   *Pair          `json:"theirs"`
	Activity ActivityStatus `json:"activity"`
	// Account is who is signed in; Error what is wrong, with its remedy.
	Account *string `json:"account"`
	Error   *string `json:"error"`
}

// ChoiceStatus is the user's own word.
type ChoiceStatus struct {
	Status  presence.Status `json:"status"`
	Since   *time.Time      `json:"since"`
	Until   *time.Time      `json:"until"`
	Message *string         `json:"message"`
}

// Pair is an availability with an activity, as Graph names them.
type Pair struct {
	Availability string `json:"availability"`
	Activity     string `json:"activity"`
}

// Reason is which rule decided, in words, and through which program.
type Reason struct {
	Rule presence.Rule `json:"rule"`
	Text string        `json:"text"`
	App  *string       `json:"app"`
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
	SequenceNumber *string   `json:"sequenceNumber"`
	At             time.Time `json:"at"`
}

// ActivityStatus is what the desk is doing.
type ActivityStatus struct {
	LastInput *time.Time `json:"lastInput"`
	InUse     bool       `json:"inUse"` // input arrives now; LastInput is when that began
	Idle      bool       `json:"idle"`
	Locked    bool       `json:"locked"`
	Call      *string    `json:"call"`
}

// Sentence is the status for a person, on one line.
func (s Status) Sentence() string {
	if s.Reason == nil || s.Theirs != nil {
		return s.Text
	}
	return s.Text + ": " + s.Reason.Text
}

// known is a pointer to v, or nil for the zero value.
func known[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// instant is t in the local zone, or nil for none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Local()
	return &t
}

func (in *instance) status() Status { return statusOf(in.facts()) }

// statusOf tells what the menu tells, for programs.
func statusOf(f menu.Facts) Status {
	trouble := f.Trouble
	if f.Account == "" && trouble == "" {
		trouble = advise(presence.ErrSignIn)
	}
	s := f.State
	c := s.Choice.At(time.Now())
	out := Status{
		Text:   words.Headline(s),
		Choice: ChoiceStatus{Status: c.Status, Since: instant(c.Since), Until: instant(c.Until), Message: known(c.Message)},
		Theirs: known(Pair(s.Theirs)), Account: known(f.Account), Error: known(trouble),
	}
	if s.Observed {
		pair := Pair(s.Want.Pair())
		out.Wanted, out.Reason = &pair, &Reason{Rule: s.Want.Reason.Rule, Text: words.Reason(s), App: known(s.Want.Reason.App)}
		out.Since, out.Until = instant(s.Since), instant(s.Want.Until)
		out.Activity = ActivityStatus{LastInput: instant(s.Activity.LastInput), InUse: s.Activity.InUse,
			Idle: s.Want.Reason.Rule == presence.RuleIdle, Locked: s.Activity.Locked, Call: known(s.Activity.Call.Name)}
	}
	if !s.Sent.Zero() {
		out.Sent = &SentStatus{Pair(s.Sent.Pair), s.Sent.At.Local(), s.Sent.Expires.Local()}
	}
	if !s.ShownAt.IsZero() {
		out.Shown = &ShownStatus{Pair(s.Shown.Pair), known(s.Shown.Sequence), s.ShownAt.Local()}
	}
	return out
}

// followStatus answers with each status that differs from the one before.
func (in *instance) followStatus(ctx context.Context, reply func(any) error) error {
	news, stop := in.news.subscribe()
	defer stop()
	for {
		select {
		case raw := <-news:
			if err := reply(json.RawMessage(raw)); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// FollowStatus hands each status of the running instance to each, the present
// one first, until ctx ends or each fails.
func FollowStatus(ctx context.Context, dir string, each func(Status) error) error {
	return control.Follow(ctx, dir, "follow", nil, func(data json.RawMessage) (bool, error) {
		var s Status
		if err := json.Unmarshal(data, &s); err != nil {
			return false, err
		}
		return true, each(s)
	})
}
