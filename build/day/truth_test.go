package day

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// office is the policy of the days that are written by hand.
var office = Policy{AwayAfter: 5 * time.Minute, AwayWhenLocked: true, CallMessage: true}

// at returns an event at a time of the day, given as in "9:00" or "9:00:30".
func at(clock string, kind Kind, e Event) Event {
	layout := "15:04"
	if strings.Count(clock, ":") == 2 {
		layout = "15:04:05"
	}
	t, err := time.Parse(layout, clock)
	if err != nil {
		panic(err)
	}
	e.Kind = kind
	e.At = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second - dayBegins
	return e
}

// morning is how every day by hand begins: Ada works from nine on.
func morning(more ...Event) []Event {
	return append([]Event{at("8:58", PowerOn, Event{}), at("8:59", Start, Event{}), at("8:59:30", SignedIn, Event{Who: Ada}), at("9:00", Input, Event{})}, more...)
}

// two is a morning with a second computer, which runs from 9:01 on and is locked.
func two(more ...Event) []Event {
	return morning(append([]Event{at("9:01", PowerOn, Event{Machine: 1}), at("9:01:10", Start, Event{Machine: 1}), at("9:01:20", SignedIn, Event{Machine: 1, Who: Ada}),
		at("9:01:30", Input, Event{Machine: 1}), at("9:02", Lock, Event{Machine: 1}), at("9:03", Rest, Event{}), at("9:04", Input, Event{})}, more...)...)
}

// right returns all right answers at a time of the day.
func right(facts []Event, who, clock string) string {
	spans := Truth(office, facts, []string{Ada, Grace})[who]
	x := excuses{truth: map[string][]Span{who: spans}}
	var all []string
	for _, w := range x.at(who, at(clock, Input, Event{}).At).Ideals {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", or(w.own), or(w.slot), w.text)))
	}
	return strings.Join(all, " | ")
}

// TestTruth holds the oracle to days that are written by hand: the session, the
// choice and the text that are right.
func TestTruth(t *testing.T) {
	call := at("9:10", CallBegins, Event{App: "Zoom"})
	over := at("10:00", CallEnds, Event{App: "Zoom"})
	busy := at("9:05", Choose, Event{Status: "busy"})
	const available, away, inCall, chosen = "Available/Available", "Away/Away", "Busy/InACall", "Busy/Busy"
	for _, c := range []struct {
		name  string
		facts []Event
		who   string // empty: Ada
		at    string
		want  string
	}{
		{"before_the_start", morning(), "", "8:58:30", "none none"},
		{"at_work", morning(), "", "9:30", available + " none"},
		{"other_person", morning(), Grace, "9:30", "none none"},
		{"rest", morning(at("9:01", Rest, Event{})), "", "9:05:59", available + " none"},
		{"idle", morning(at("9:01", Rest, Event{})), "", "9:06", away + " none"},
		{"locked", morning(at("9:01", Lock, Event{})), "", "9:01", away + " none"},
		{"asleep", morning(at("9:01", Sleep, Event{})), "", "9:02", "none none"},
		{"call", morning(call), "", "9:20", inCall + " none On a Zoom call"},
		{"call_while_locked", morning(call, at("9:11", Lock, Event{})), "", "9:20", inCall + " none On a Zoom call"},
		{"two_calls", morning(call, at("9:11", CallBegins, Event{App: "Slack"})), "", "9:20", "Busy/InAConferenceCall none On a Zoom call"},
		{"teams_call", morning(at("9:10", CallBegins, Event{App: teamsApp})), "", "9:20", available + " none"},
		{"call_over", morning(call, over), "", "10:00", available + " none"},
		{"note_restored", morning(at("9:02", Note, Event{Who: Ada, Text: "N"}), call, over), "", "10:00", available + " none N"},
		{"note_ends_in_a_call", morning(at("9:02", Note, Event{Who: Ada, Text: "N", Span: 30 * time.Minute}), call, over), "", "10:00", available + " none"},
		{"note_in_a_call", morning(call, at("9:15", Note, Event{Who: Ada, Text: "N"})), "", "9:20", inCall + " none N"},
		{"note_in_a_call_stays", morning(call, at("9:15", Note, Event{Who: Ada, Text: "N"}), at("9:16", CallBegins, Event{App: "Slack"}), at("9:17", CallEnds, Event{App: "Zoom"})), "", "9:20", inCall + " none N"},
		{"text_after_a_note", morning(call, at("9:15", Note, Event{Who: Ada, Text: "N"}), at("9:16", Choose, Event{Status: "busy", Text: "T"})), "", "9:20", inCall + " " + chosen + " T"},
		{"choice", morning(busy), "", "12:00", available + " " + chosen},
		{"timed_choice_ends", morning(at("9:05", Choose, Event{Status: "busy", Span: time.Hour})), "", "10:05", available + " none"},
		{"timed_choice_and_a_clock", morning(at("9:05", Choose, Event{Status: "busy", Span: time.Hour}), at("9:06", Clock, Event{Span: -time.Hour})), "", "10:30", available + " none | " + available + " " + chosen},
		{"choice_asleep", morning(busy, at("9:10", Sleep, Event{})), "", "9:20", "none " + chosen},
		{"choice_in_teams_is_newer", morning(busy, at("9:10", Choice, Event{Who: Ada, Status: "Away"})), "", "9:20", available + " " + away},
		{"choice_in_heliograph_is_newer", morning(at("9:02", Choice, Event{Who: Ada, Status: "Away"}), busy), "", "9:20", available + " " + chosen},
		{"automatic_keeps_theirs", morning(at("9:02", Choice, Event{Who: Ada, Status: "Away"}), at("9:03", Choose, Event{Status: "automatic"})), "", "9:20", available + " " + away},
		{"reset_in_teams", morning(busy, at("9:10", Choice, Event{Who: Ada})), "", "9:20", available + " none"},
		{"reset_to_what_looks_alike", morning(at("9:05", Choose, Event{Status: "available"}), at("9:10", Choice, Event{Who: Ada})), "", "9:20", available + " none | " + available + " " + available},
		{"same_choice_in_teams", morning(busy, at("9:10", Choice, Event{Who: Ada, Status: "Busy"}), at("9:11", Choose, Event{Status: "automatic"})), "", "9:20", available + " " + chosen + " | " + available + " none"},
		{"quit", morning(busy, call, at("9:15", Quit, Event{})), "", "9:20", "none none"},
		{"start_again", morning(busy, at("9:15", Quit, Event{}), at("9:16", Start, Event{})), "", "9:20", available + " " + chosen},
		{"chosen_in_teams_while_off", morning(busy, at("9:15", Quit, Event{}), at("9:16", Choice, Event{Who: Ada, Status: "BeRightBack"}), at("9:17", Start, Event{})), "", "9:20", available + " BeRightBack/BeRightBack"},
		{"chosen_like_a_session_while_off", morning(busy, at("9:15", Quit, Event{}), at("9:16", Choice, Event{Who: Ada, Status: "Away"}), at("9:17", Start, Event{})), "", "9:20", available + " " + away + " | " + available + " " + chosen},
		{"note_while_off_in_a_call", morning(call, at("9:15", Quit, Event{}), at("9:16", Note, Event{Who: Ada, Text: "N"}), at("9:17", Start, Event{})), "", "9:20", inCall + " none N | " + inCall + " none On a Zoom call"},
		{"another_account", morning(busy, at("9:15", SignedIn, Event{Who: Grace})), Grace, "9:20", available + " " + chosen},
		{"the_former_account", morning(busy, call, at("9:15", SignedIn, Event{Who: Grace})), "", "9:20", "none none"},
		{"signed_out", morning(busy, call, at("9:15", SignOut, Event{})), "", "9:20", "none none"},
		{"paused", morning(call, at("9:15", Choose, Event{Status: "paused"})), "", "9:20", "none none"},
		{"killed", morning(busy, at("9:15", Kill, Event{})), "", "9:20", "none none"},
		{"power_lost", morning(call, at("9:15", PowerOff, Event{}), at("9:16", PowerOn, Event{}), at("9:17", Start, Event{})), "", "9:20", "none none"},
		{"two_newest_input", two(at("9:30", Unlock, Event{Machine: 1}), at("9:31", Rest, Event{Machine: 1})), "", "9:33", available + " none"},
		{"two_one_idle", two(at("9:30", Unlock, Event{Machine: 1}), at("9:31", Rest, Event{Machine: 1})), "", "9:36", available + " none"},
		{"two_both_idle", two(at("9:20", Rest, Event{}), at("9:30", Unlock, Event{Machine: 1}), at("9:31", Rest, Event{Machine: 1})), "", "9:36", away + " none"},
		{"two_call_beats_input", two(call, at("9:30", Unlock, Event{Machine: 1})), "", "9:31", inCall + " none On a Zoom call"},
		{"two_one_sleeps", two(at("9:30", Unlock, Event{Machine: 1}), at("9:31", Sleep, Event{})), "", "9:31", available + " none"},
		{"two_one_quits", two(at("9:30", Unlock, Event{Machine: 1}), at("9:31", Quit, Event{})), "", "9:31", available + " none"},
		{"two_choices", two(busy, at("9:30", Choose, Event{Machine: 1, Status: "away"})), "", "9:31", available + " " + away},
		{"two_choices_then_automatic", two(busy, at("9:30", Choose, Event{Machine: 1, Status: "away"}), at("9:31", Choose, Event{Machine: 1, Status: "automatic"})), "", "9:32", available + " none"},
		{"two_choice_of_the_one_that_quit", two(busy, at("9:30", Quit, Event{})), "", "9:31", away + " none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := c.who
			if who == "" {
				who = Ada
			}
			if got := right(c.facts, who, c.at); got != c.want {
				t.Errorf("at %s right is %q, want %q", c.at, got, c.want)
			}
		})
	}
}

// TestShows: what a colleague sees of the parts.
func TestShows(t *testing.T) {
	for _, c := range []struct {
		own, slot, clients, want string
	}{
		{"", "", "", "Offline/Offline"},
		{"", "Busy/Busy", "", "Offline/Offline"},
		{"Away/Away", "Busy/Busy", "", "Busy/Busy"},
		{"", "Busy/Busy", "Away/Away", "Busy/Busy"},
		{"Away/Away", "", "Available/Available", "Available/Available"},
		{"Available/Available", "", "Busy/InACall,Away/Away", "Busy/InACall"},
		{"Busy/InAConferenceCall", "", "Busy/InACall", "Busy/InACall Busy/InAConferenceCall"},
	} {
		if got := strings.Join(Ideal{own: c.own, slot: c.slot}.shows(c.clients), " "); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
