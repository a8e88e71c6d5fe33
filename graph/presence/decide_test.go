package presence

import (
	"testing"
	"time"

	"heliograph/detect"
)

// monday is a Monday at 09:00.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func policy() Policy {
	return Policy{AwayAfter: 5 * time.Minute, AwayWhenLocked: true, BusyInCall: true, CallMessage: "On a {app} call"}
}

// decideCase is a call of Decide and its answer.
type decideCase struct {
	name    string
	choice  Choice
	act     detect.Activity
	policy  Policy
	after   time.Duration // since monday
	session Pair
	prefer  Pair
	rule    Rule
	until   time.Duration // since monday; 0: never
}

func (c decideCase) check(t *testing.T) {
	w := Decide(c.choice, c.act, c.policy, monday.Add(c.after))
	if w.Session != c.session || w.Preferred != c.prefer || w.Reason.Rule != c.rule {
		t.Errorf("got session %v preferred %v rule %s, want %v %v %s", w.Session, w.Preferred, w.Reason.Rule, c.session, c.prefer, c.rule)
	}
	var until time.Time
	if c.until != 0 {
		until = monday.Add(c.until)
	}
	if !w.Until.Equal(until) {
		t.Errorf("until %v, want %v", w.Until, until)
	}
}

func TestDecide(t *testing.T) {
	zoom := detect.Call{App: "zoom", Name: "Zoom", Since: monday, Apps: 1}
	two, shared, teams := zoom, zoom, zoom
	two.Apps, shared.Sharing, teams.Teams = 2, true, true
	sharing, hours, awake, never := policy(), policy(), policy(), policy()
	sharing.PresentWhenSharing = true
	hours.Hours = Hours{Days: [7]bool{1: true}, From: 8 * 60, To: 9*60 + 2}
	awake.AwakeIsPresent = true
	never.AwayAfter = 0
	rested := detect.Activity{LastInput: monday}
	hour := monday.Add(time.Hour)

	for _, c := range []decideCase{
		{name: "nothing_known", policy: policy(), rule: RuleUnknown},
		{name: "input", act: detect.Activity{InUse: true, LastInput: monday}, policy: policy(), session: Available, rule: RuleInput},
		{name: "rest", act: rested, policy: policy(), after: time.Minute, session: Available, rule: RuleInput, until: 5 * time.Minute},
		{name: "last_instant", act: rested, policy: policy(), after: 5*time.Minute - 1, session: Available, rule: RuleInput, until: 5 * time.Minute},
		{name: "idle", act: rested, policy: policy(), after: 5 * time.Minute, session: Away, rule: RuleIdle},
		{name: "never_idle", act: rested, policy: never, after: time.Hour, session: Available, rule: RuleInput},
		{name: "video", act: detect.Activity{LastInput: monday, Inhibited: true}, policy: awake, after: time.Hour, session: Available, rule: RuleAwake},
		{name: "video_not_counted", act: detect.Activity{LastInput: monday, Inhibited: true}, policy: policy(), after: time.Hour, session: Away, rule: RuleIdle},
		{name: "locked", act: detect.Activity{InUse: true, Locked: true}, policy: policy(), session: Away, rule: RuleLocked},
		{name: "asleep_beats_call", act: detect.Activity{Asleep: true, Call: zoom}, policy: policy(), rule: RuleAsleep},
		{name: "switched_user", act: detect.Activity{Elsewhere: true, Call: zoom}, policy: policy(), session: Away, rule: RuleElsewhere},
		{name: "call_beats_idle", act: detect.Activity{LastInput: monday, Call: zoom}, policy: policy(), after: time.Hour, session: InACall, rule: RuleCall},
		{name: "call_beats_lock", act: detect.Activity{Locked: true, Call: zoom}, policy: policy(), session: InACall, rule: RuleCall},
		{name: "two_calls", act: detect.Activity{Call: two}, policy: policy(), session: InAMeeting, rule: RuleCall},
		{name: "sharing", act: detect.Activity{Call: shared}, policy: sharing, session: Presenting, rule: RuleSharing},
		{name: "sharing_not_wanted", act: detect.Activity{Call: shared}, policy: policy(), session: InACall, rule: RuleCall},
		{name: "teams_call", act: detect.Activity{LastInput: monday, Call: teams}, policy: policy(), after: time.Hour, session: Available, rule: RuleTeamsCall},
		{name: "call_switched_off", act: detect.Activity{InUse: true, Call: zoom}, policy: Policy{}, session: Available, rule: RuleInput},
		{name: "work_ends", act: detect.Activity{InUse: true}, policy: hours, session: Available, rule: RuleInput, until: 2 * time.Minute},
		{name: "work_ended", act: detect.Activity{InUse: true}, policy: hours, after: 2 * time.Minute, rule: RuleHours, until: 7*24*time.Hour - time.Hour},
		{name: "choice", choice: Choice{Status: ChoseBusy, Until: hour}, act: rested, policy: policy(), session: Available, prefer: PreferBusy, rule: RuleChoice, until: 5 * time.Minute},
		{name: "choice_over_idle", choice: Choice{Status: ChoseDND, Until: hour}, act: rested, policy: policy(), after: 6 * time.Minute, session: Away, prefer: PreferDoNotDisturb, rule: RuleChoice, until: time.Hour},
		{name: "choice_ended", choice: Choice{Status: ChoseDND, Until: hour}, act: rested, policy: policy(), after: time.Hour, session: Away, rule: RuleIdle},
		{name: "choice_after_hours", choice: Choice{Status: ChoseAvailable}, act: detect.Activity{InUse: true}, policy: hours, after: 3 * time.Minute, session: Available, prefer: PreferAvailable, rule: RuleChoice},
		{name: "choice_with_nothing_known", choice: Choice{Status: ChoseOffline}, policy: policy(), session: Available, prefer: PreferOffline, rule: RuleChoice},
		{name: "choice_asleep", choice: Choice{Status: ChoseBusy}, act: detect.Activity{Asleep: true}, policy: policy(), prefer: PreferBusy, rule: RuleChoice},
		{name: "paused", choice: Choice{Status: Paused, Until: hour}, act: detect.Activity{InUse: true, Call: zoom}, policy: policy(), rule: RulePaused, until: time.Hour},
	} {
		t.Run(c.name, c.check)
	}
}

func TestCallMessage(t *testing.T) {
	a := detect.Activity{Call: detect.Call{App: "zoom", Name: "Zoom"}}
	if got := Decide(Choice{}, a, policy(), monday).Message; got != "On a Zoom call" {
		t.Errorf("message %q", got)
	}
	c := Choice{Status: ChoseBusy, Message: "Writing"}
	if got := Decide(c, a, policy(), monday).Message; got != "Writing" {
		t.Errorf("the message of a call replaces the choice's: %q", got)
	}
}

// FuzzDecideUntil holds the law that lets the loop sleep: until the instant
// that Decide names the answer does not change, and that instant is in the
// future.
func FuzzDecideUntil(f *testing.F) {
	f.Add(int64(0), int64(60), uint8(0), uint8(0), uint16(0))
	f.Add(int64(400), int64(3000), uint8(9), uint8(2), uint16(777))
	f.Fuzz(func(t *testing.T, rest, look int64, facts, choice uint8, span uint16) {
		bit := func(n uint) bool { return facts>>n&1 == 1 }
		now := monday.Add(time.Duration(look%1e6) * time.Second)
		a := detect.Activity{InUse: bit(0), Locked: bit(1), Asleep: bit(2), Elsewhere: bit(3), Inhibited: bit(4)}
		if bit(5) {
			a.LastInput = now.Add(-time.Duration(rest%1e4) * time.Second)
		}
		if bit(6) {
			a.Call = detect.Call{App: "zoom", Teams: bit(7)}
		}
		p := policy()
		p.AwakeIsPresent = bit(7)
		if span != 0 {
			p.Hours = Hours{Days: [7]bool{1: true, 2: true, 5: bit(0)}, From: int(span) % 1441, To: int(span/3) % 1441}
		}
		all := append(Statuses(), Paused)
		c := Choice{Status: all[int(choice)%len(all)]}
		if choice > 100 {
			c.Until = monday.Add(time.Duration(choice) * time.Minute)
		}
		w := Decide(c, a, p, now)
		step := 30 * 24 * time.Hour
		if !w.Until.IsZero() {
			if step = w.Until.Sub(now); step <= 0 {
				t.Fatalf("until %v is not after now %v", w.Until, now)
			}
		}
		for _, at := range []time.Duration{step / 3, step / 2, step - 1} {
			later := Decide(c, a, p, now.Add(at))
			if later.Session != w.Session || later.Preferred != w.Preferred || later.Reason != w.Reason {
				t.Fatalf("changed %v before its time: %+v, then %+v", step-at, w, later)
			}
		}
	})
}
