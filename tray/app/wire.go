package app

import (
	"time"

	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/menu"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// toWire renders what the menu shows at now as the state on the wire. It is
// pure but for the language of the sentences.
func toWire(f menu.Facts, now time.Time) control.State {
	trouble := f.CommandTrouble
	if f.Account == "" && trouble == "" {
		trouble = adviseCommand(presence.ErrSignIn)
	}
	s := f.State
	c := s.Choice.At(now)
	out := control.State{
		Text:    words.Headline(s),
		Choice:  control.Choice{Status: string(c.Status), Since: instant(c.Since), Until: instant(c.Until), Message: nonZero(c.Message)},
		Sent:    toWireSent(s.Sent),
		Shown:   toWireShown(s),
		Theirs:  nonZero(control.Pair(s.Theirs)),
		Account: nonZero(f.Account),
		Error:   nonZero(trouble),
	}
	if s.Observed {
		wanted, reason := control.Pair(s.Want.Pair()), s.Want.Reason
		out.Wanted = &wanted
		out.Reason = &control.Reason{Rule: string(reason.Rule), Text: words.Why(s), App: nonZero(reason.App)}
		out.Since, out.Until = instant(s.Since), instant(s.Want.Until)
		out.Activity = control.Activity{
			LastInput: instant(s.Activity.LastInput),
			InUse:     s.Activity.InUse,
			Idle:      reason.Rule == presence.RuleIdle,
			Locked:    s.Activity.Locked,
			InCall:    s.Activity.Call.Active(),
			Call:      nonZero(s.Activity.Call.Name),
		}
	}
	return out
}

func toWireSent(s presence.Sent) *control.Sent {
	at, expires := instant(s.At), instant(s.Expires)
	if s.Zero() || at == nil || expires == nil {
		return nil
	}
	return &control.Sent{Pair: control.Pair(s.Pair), At: *at, Expires: *expires}
}

func toWireShown(s presence.State) *control.Shown {
	at := instant(s.ShownAt)
	if at == nil {
		return nil
	}
	return &control.Shown{Pair: control.Pair(s.Shown.Pair), SequenceNumber: nonZero(s.Shown.Sequence), At: *at}
}

func toWireSettings(v settings.Value) control.Settings {
	s := control.Settings{Path: v.Path, Text: v.Show()}
	if v.Problem != nil {
		s.Problem = v.Problem.Error()
	}
	return s
}

// nonZero returns a pointer to v, or nil for the zero value.
func nonZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// instant returns t in the local zone; nil for none, and for one that JSON
// cannot hold.
//
// Source: RFC 3339, section 1: years have four digits.
func instant(t time.Time) *time.Time {
	t = t.Local()
	if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return nil
	}
	return &t
}
