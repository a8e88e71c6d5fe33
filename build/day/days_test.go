package day

import (
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// TestSameRunTwice: a seed gives the same run, whatever the scheduler does.
func TestSameRunTwice(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 10; seed++ {
		a, b := Simulate(t, NewScript(seed, 1), openHeliograph), Simulate(t, NewScript(seed, 1), openHeliograph)
		sameTrace(t, a, b)
		if len(a.Requests) == 0 || len(a.Trace[Ada]) < 2 {
			t.Errorf("seed %d: nothing happened", seed)
		}
	}
	a, b := Simulate(t, NewScript(1, 1), openHeliograph), Simulate(t, NewScript(2, 1), openHeliograph)
	if Differs(a, b) == "" {
		t.Error("two seeds give the same run")
	}
}

// plainDay is a working day without anything unusual: calls, a lunch, a lock, a
// choice, and the end of work.
func plainDay() *Script {
	events := []Event{at("8:58", PowerOn, Event{}), at("8:59", Start, Event{}), at("8:59:10", SignIn, Event{Who: Ada}), at("9:00", Input, Event{}),
		at("9:05", AppOpens, Event{App: "Zoom"}), at("10:00", CallBegins, Event{App: "Zoom"}), at("10:40", CallEnds, Event{App: "Zoom"}),
		at("12:00", Lock, Event{}), at("12:50", Unlock, Event{}), at("14:00", Choose, Event{Status: "dnd", Span: time.Hour}),
		at("16:00", Rest, Event{}), at("16:30", Input, Event{}), at("17:00", Choose, Event{Status: "busy"}), at("17:30", Quit, Event{})}
	p := office
	p.CallMessage = false
	return &Script{Seed: 1, Policy: p, RoundTrip: 100 * time.Millisecond, TokenLife: time.Hour, Events: events}
}

// TestPlainDay: on a plain day nothing is wrong that a client could prevent, and
// the requests are few. Each peer shows something wrong even then.
func TestPlainDay(t *testing.T) {
	t.Parallel()
	o := Count(Simulate(t, plainDay(), openHeliograph), true)
	if o.Avoidable != 0 {
		t.Errorf("heliograph: %.1f avoidable seconds: %v", o.Avoidable, o.Causes)
	}
	if float64(o.Requests) > 1.1*float64(o.Least) || o.Requests < o.Least {
		t.Errorf("%d requests, at least %d are needed", o.Requests, o.Least)
	}
	for _, p := range Peers {
		if o := Count(Simulate(t, plainDay(), p.open), false); o.Avoidable < 20 {
			t.Errorf("%s: only %.1f avoidable seconds: %v", p.Name, o.Avoidable, o.Causes)
		}
	}
}

// Bounds of TestDays, for the days of fixedDays together: lower them with each
// fault that is mended.
const (
	fixedDays    = 30
	mostWrong    = 1    // avoidable seconds per day
	mostRequests = 1.06 // times the least
)

// TestDays holds fixed seeds to a bound.
func TestDays(t *testing.T) {
	t.Parallel()
	var all [fixedDays]Outcome
	var next atomic.Int64
	t.Run("days", func(t *testing.T) {
		for i := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				for n := next.Add(1) - 1; n < fixedDays; n = next.Add(1) - 1 {
					all[n] = Count(Simulate(t, NewScript(uint64(n)+1, 1), openHeliograph), true)
				}
			})
		}
	})
	var s Sum
	for _, o := range all {
		s.Add(o)
	}
	if wrong := s.Avoidable / fixedDays; wrong > mostWrong {
		t.Errorf("%.0f avoidable wrong seconds per day, more than %d", wrong, mostWrong)
		for _, c := range ordered(s.causes) {
			t.Logf("%.0f s: %s %v", c.Seconds, c.Cause, c.Seeds)
		}
	}
	if ratio := float64(s.Requests) / float64(s.Least); ratio > mostRequests {
		t.Errorf("%d requests, %.2f times the least, more than %.2f", s.Requests, ratio, mostRequests)
	}
	t.Logf("%.1f avoidable and %.1f unavoidable seconds per day, %d requests, %d at least", s.Avoidable/fixedDays, s.Unavoidable/fixedDays, s.Requests, s.Least)
}
