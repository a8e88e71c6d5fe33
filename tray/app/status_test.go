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
		presence.RuleSharing, presence.RuleCall, presence.RuleLocked, presence.RuleIdle, presence.RuleAwake, presence.RuleInput, presence.RuleUnknown}
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
			raw, err := json.Marshal(statusOf(f))
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
			raw, err := json.Marshal(statusOf(menu.Facts{}))
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

func TestNewsTellsTheLatestOnce(t *testing.T) {
	var n news
	n.publish(Status{Text: "one"})
	ch, stop := n.subscribe()
	n.publish(Status{Text: "two"})
	n.publish(Status{Text: "two"})
	if got := text(t, <-ch); got != "two" {
		t.Errorf("the first is %q", got)
	}
	select {
	case raw := <-ch:
		t.Errorf("told twice: %s", raw)
	default:
	}
	stop()
	n.publish(Status{Text: "three"})
	select {
	case raw := <-ch:
		t.Errorf("told after the end: %s", raw)
	default:
	}
	late, stop := n.subscribe()
	defer stop()
	if got := text(t, <-late); got != "three" {
		t.Errorf("whoever comes late gets %q", got)
	}
}

func text(t *testing.T, raw []byte) string {
	t.Helper()
	var s Status
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s.Text
}
