package day

import (
	"testing"
	"time"
)

// seenFrom makes a run by hand: what happened, and what colleagues saw.
func seenFrom(facts []Event, troubles []Trouble, moments ...Moment) *Run {
	return &Run{Script: &Script{Policy: office, RoundTrip: 100 * time.Millisecond, Events: facts, Troubles: troubles}, Facts: facts,
		Trace: map[string][]Moment{Ada: append([]Moment{{Shown: "Offline/Offline"}}, moments...)}}
}

func moment(clock, own, preferred, text string) Moment {
	m := Moment{At: at(clock, Input, Event{}).At, Own: own, Preferred: preferred, Message: text, Shown: "Offline/Offline"}
	if own != "" {
		m.Shown = own
		if preferred != "" {
			m.Shown = preferred
		}
	}
	return m
}

// TestJudge: how long something was wrong on days that are written by hand, and
// for how long of that no client could do better.
func TestJudge(t *testing.T) {
	const available, away, busy = "Available/Available", "Away/Away", "Busy/Busy"
	good := moment("9:00:01", available, "", "")
	choose := at("9:10", Choose, Event{Status: "busy"})
	quit := at("10:00", Quit, Event{})
	for _, c := range []struct {
		name                   string
		facts                  []Event
		troubles               []Trouble
		seen                   []Moment
		avoidable, unavoidable time.Duration
		cause                  string
	}{
		{"all_right", morning(quit), nil, []Moment{good, moment("10:00:01", "", "", "")}, 0, 2 * time.Second, ""},
		{"offline_at_work", morning(quit), nil, []Moment{moment("9:30", available, "", ""), moment("10:00:00", "", "", "")}, 30*time.Minute - 1300*time.Millisecond, 1300 * time.Millisecond, "no session, after input or rest"},
		{"session_left", morning(quit), nil, []Moment{good, moment("10:10", "", "", "")}, 10*time.Minute - 1300*time.Millisecond, 2300 * time.Millisecond, "a session is left, after quit"},
		{"choice_late", morning(choose, quit), nil, []Moment{good, moment("9:20", available, busy, ""), moment("10:00", "", "", "")}, 10*time.Minute - 1300*time.Millisecond, 2300 * time.Millisecond, "a choice is not shown, after a choice"},
		{"choice_left_unseen", morning(choose, quit), nil, []Moment{good, moment("9:10", available, busy, ""), moment("10:00", "", busy, ""), moment("11:00", "", "", "")},
			time.Hour - 1300*time.Millisecond, 2300 * time.Millisecond, "a choice is left, after quit"},
		{"network_down", morning(choose, quit), []Trouble{{From: at("9:09", Input, Event{}).At, To: at("9:30", Input, Event{}).At, Kind: Down, Scope: All}},
			[]Moment{good, moment("9:31", available, busy, ""), moment("10:00", "", "", "")}, 0, 21*time.Minute + time.Second, ""},
		{"network_was_down", morning(choose, quit), []Trouble{{From: at("9:09", Input, Event{}).At, To: at("9:30", Input, Event{}).At, Kind: Down, Scope: All}},
			[]Moment{good, moment("9:41", available, busy, ""), moment("10:00", "", "", "")}, 10*time.Minute - 1300*time.Millisecond, 21*time.Minute + 2300*time.Millisecond, "a choice is not shown, after a choice"},
		{"refused_choice_excuses_no_session", morning(at("9:20", Lock, Event{}), quit), []Trouble{{From: at("9:09", Input, Event{}).At, To: at("9:30", Input, Event{}).At, Kind: Answer, Status: 403, Scope: Preferred}},
			[]Moment{good, moment("9:25", away, "", ""), moment("10:00", "", "", "")}, 5*time.Minute - 1300*time.Millisecond, 2300 * time.Millisecond, "another presence than what the person does, after input or rest"},
		{"choice_in_teams_overwritten", morning(at("9:10", Choice, Event{Who: Ada, Status: "Away"}), quit), nil,
			[]Moment{good, moment("9:10", available, away, ""), moment("9:20", available, busy, ""), moment("9:30", available, away, ""), moment("10:00", "", away, "")},
			10 * time.Minute, time.Second, "a choice made in Teams was overwritten, after a choice in Teams"},
		{"faded", morning(quit), nil, []Moment{good, {At: at("9:30", Input, Event{}).At, Own: "Available/AvailableInactive", Shown: "Available/AvailableInactive"}, moment("9:40", available, "", ""), moment("10:00", "", "", "")},
			10 * time.Minute, time.Second, "another presence than what the person does, after input or rest"},
		{"killed", morning(at("10:00", Kill, Event{})), nil, []Moment{good, moment("10:05", available, "", "")}, 0, time.Second + 21*time.Hour, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrong, _ := Judge(seenFrom(c.facts, c.troubles, c.seen...), true)
			var avoidable, unavoidable time.Duration
			cause := ""
			for _, w := range wrong {
				if w.Excuse != "" {
					unavoidable += w.Length()
					continue
				}
				avoidable += w.Length()
				if cause == "" {
					cause = w.Cause
				}
			}
			if avoidable != c.avoidable || unavoidable != c.unavoidable || cause != c.cause {
				t.Errorf("avoidable %v (%s), unavoidable %v; want %v (%s) and %v: %+v", avoidable, cause, unavoidable, c.avoidable, c.cause, c.unavoidable, wrong)
			}
		})
	}
}
