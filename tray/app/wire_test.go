package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"heliograph/detect"
	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/menu"
)

// schema compiles the published form of the state.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile("../../build/status.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkSchema checks a rendered state against the published form.
func checkSchema(t *testing.T, s *jsonschema.Schema, raw []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%v\n%s", err, raw)
	}
}

// allKnown returns a state in which every field is set.
func allKnown(now time.Time) menu.Facts {
	busy := presence.State{Observed: true, SignedIn: true, Since: now,
		Choice:   presence.Choice{Status: presence.ChoseBusy, Since: now, Until: now.Add(time.Hour), Message: "Writing"},
		Activity: detect.Activity{LastInput: now, InUse: true, Call: detect.Call{App: "zoom", Name: "Zoom", Since: now, Apps: 1}},
		Want: presence.Want{Session: presence.InACall, Preferred: presence.PreferBusy, Until: now.Add(time.Hour),
			Reason: presence.Reason{Rule: presence.RuleChoice, App: "Zoom", Since: now}},
		Sent:  presence.Sent{Pair: presence.InACall, At: now, Expires: now.Add(time.Hour)},
		Shown: presence.Shown{Pair: presence.PreferBusy, Sequence: "A1"}, ShownAt: now, Theirs: presence.PreferDoNotDisturb,
		Err: errors.New("trouble"), ErrSince: now}
	return menu.Facts{State: busy, Account: "ada@contoso.example", CommandTrouble: "trouble"}
}

func TestEveryStateObeysTheSchema(t *testing.T) {
	s := schema(t)
	now := time.Now()
	far := allKnown(now)
	beyond := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) // which JSON cannot hold
	far.State.Want.Until, far.State.Choice.Until, far.State.Sent.Expires, far.State.ShownAt = beyond, beyond, beyond, beyond
	rules := []presence.Rule{presence.RuleChoice, presence.RulePaused, presence.RuleAsleep, presence.RuleHours, presence.RuleElsewhere, presence.RuleTeamsCall,
		presence.RuleSharing, presence.RuleCall, presence.RuleLocked, presence.RuleIdle, presence.RuleAwake, presence.RuleInput, presence.RuleUnknown, ruleStopped}
	states := map[string]menu.Facts{
		"nothing_known": {},
		"all_known":     allKnown(now),
		"far_away":      far,
	}
	for _, r := range rules {
		f := states["all_known"]
		f.State.Want.Reason.Rule = r
		states["rule_"+string(r)] = f
	}
	for _, c := range append(presence.Statuses(), presence.Paused) {
		f := states["all_known"]
		f.State.Choice.Status = c
		states["choice_"+string(c)] = f
	}
	for name, f := range states {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(toWire(f, now))
			if err != nil {
				t.Fatal(err)
			}
			checkSchema(t, s, raw)
		})
	}
}

// TestToWire compares what the menu shows with what is on the wire.
func TestToWire(t *testing.T) {
	now := time.Now().Round(0)
	f := allKnown(now)
	got := toWire(f, now)
	if got.Text == "" || got.Choice.Status != "busy" || *got.Choice.Message != "Writing" || !got.Choice.Until.Equal(now.Add(time.Hour)) {
		t.Errorf("text %q, choice %+v", got.Text, got.Choice)
	}
	if *got.Wanted != control.Pair(presence.PreferBusy) || got.Reason.Rule != "choice" || *got.Reason.App != "Zoom" || !got.Since.Equal(now) || !got.Until.Equal(now.Add(time.Hour)) {
		t.Errorf("wanted %+v, reason %+v, since %s, until %s", got.Wanted, got.Reason, got.Since, got.Until)
	}
	if got.Sent.Pair != control.Pair(presence.InACall) || !got.Sent.Expires.Equal(now.Add(time.Hour)) || *got.Shown.SequenceNumber != "A1" || *got.Theirs != control.Pair(presence.PreferDoNotDisturb) {
		t.Errorf("sent %+v, shown %+v, theirs %+v", got.Sent, got.Shown, got.Theirs)
	}
	if a := got.Activity; !a.InUse || a.Idle || a.Locked || !a.InCall || *a.Call != "Zoom" || !a.LastInput.Equal(now) {
		t.Errorf("activity %+v", a)
	}
	if *got.Account != "ada@contoso.example" || *got.Error != "trouble" {
		t.Errorf("account %v, error %v", got.Account, got.Error)
	}
	if s := toWire(f, now.Add(time.Hour)); s.Choice.Status != "automatic" || s.Choice.Until != nil {
		t.Errorf("a choice that has ended is still %+v", s.Choice)
	}
	f.State.Observed = false
	if s := toWire(f, now); s.Wanted != nil || s.Reason != nil || s.Since != nil || s.Activity.InCall {
		t.Errorf("before anything was observed: %+v", s)
	}
}

// TestSchemaRefuses checks that the schema is strict.
func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	for name, damage := range map[string]func(map[string]any){
		"a_field_less":    func(m map[string]any) { delete(m, "until") },
		"a_field_more":    func(m map[string]any) { m["unknown"] = 1 },
		"an_unknown_rule": func(m map[string]any) { m["reason"] = map[string]any{"rule": "magic", "text": "x", "app": nil} },
		"no_instant":      func(m map[string]any) { m["since"] = "noon" },
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(toWire(menu.Facts{}, time.Now()))
			if err != nil {
				t.Fatal(err)
			}
			var m map[string]any
			if err := json.Unmarshal(raw, &m); err != nil {
				t.Fatal(err)
			}
			if damage(m); s.Validate(m) == nil {
				t.Errorf("%v is accepted", m)
			}
		})
	}
}

func TestChangesPublishTheNewestOnce(t *testing.T) {
	var c changes
	c.publish(control.State{Text: "one"})
	ch, stop := c.subscribe()
	c.publish(control.State{Text: "two"})
	c.publish(control.State{Text: "two"})
	if got := <-ch; got.Text != "two" {
		t.Errorf("the first is %q", got.Text)
	}
	select {
	case s := <-ch:
		t.Errorf("published twice: %q", s.Text)
	default:
	}
	stop()
	c.publish(control.State{Text: "three"})
	select {
	case s := <-ch:
		t.Errorf("published after the end: %q", s.Text)
	default:
	}
	late, stop := c.subscribe()
	defer stop()
	if got := <-late; got.Text != "three" {
		t.Errorf("a late subscriber gets %q", got.Text)
	}
}

// TestSignedOutSaysSo holds that nobody being signed in is not taken for a
// Microsoft that cannot be reached.
func TestSignedOutSaysSo(t *testing.T) {
	for name, got := range map[string]*string{
		"nobody is signed in":     toWire(menu.Facts{}, time.Now()).Error,
		"Graph refuses the token": nonZero(adviseCommand(fmt.Errorf("set presence: %w", presence.ErrSignIn))),
	} {
		if got == nil || !strings.Contains(*got, "heliograph login") || strings.Contains(*got, "reached") {
			t.Errorf("%s: %v", name, got)
		}
	}
}
