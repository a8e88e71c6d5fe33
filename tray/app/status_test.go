package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"heliograph/detect"
	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/menu"
)

// schema is what the README promises of `status --json`.
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

func TestStatusKeepsItsSchema(t *testing.T) {
	s := schema(t)
	now := time.Now()
	busy := presence.State{Observed: true, SignedIn: true, Since: now,
		Choice:   presence.Choice{Status: presence.ChoseBusy, Since: now, Until: now.Add(time.Hour), Message: "Writing"},
		Activity: detect.Activity{LastInput: now, InUse: true, Call: detect.Call{App: "zoom", Name: "Zoom", Since: now, Apps: 1}},
		Want: presence.Want{Session: presence.InACall, Preferred: presence.PreferBusy, Until: now.Add(time.Hour),
			Reason: presence.Reason{Rule: presence.RuleChoice, App: "Zoom", Since: now}},
		Sent:  presence.Sent{Pair: presence.InACall, At: now, Expires: now.Add(time.Hour)},
		Shown: presence.Shown{Pair: presence.PreferBusy, Sequence: "A1"}, ShownAt: now, Theirs: presence.PreferDoNotDisturb,
		Err: errors.New("trouble"), ErrSince: now}
	rules := []presence.Rule{presence.RuleChoice, presence.RulePaused, presence.RuleAsleep, presence.RuleHours, presence.RuleElsewhere, presence.RuleTeamsCall,
		presence.RuleSharing, presence.RuleCall, presence.RuleLocked, presence.RuleIdle, presence.RuleAwake, presence.RuleInput, presence.RuleUnknown, RuleStopped}
	states := map[string]menu.Facts{
		"nothing_known": {},
		"all_known":     {State: busy, Account: "ada@contoso.example", Trouble: "trouble"},
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
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(v); err != nil {
				t.Errorf("%v\n%s", err, raw)
			}
		})
	}
}

// TestSchemaRefuses holds that the schema itself would notice.
func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	for name, spoil := range map[string]func(map[string]any){
		"a_field_less":    func(m map[string]any) { delete(m, "until") },
		"a_field_more":    func(m map[string]any) { m["untold"] = 1 },
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
			if spoil(m); s.Validate(m) == nil {
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
