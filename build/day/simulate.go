package day

import (
	"cmp"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Run is what happened on a day with one strategy.
type Run struct {
	Script   *Script
	Facts    []Event
	Requests []Request
	Trace    map[string][]Moment // by person
}

// Simulate plays a day in a bubble with virtual time. One goroutine controls it,
// and lets everything come to rest after each event, so that the same script
// gives the same run.
func Simulate(t *testing.T, s *Script, open func(*machine) program) *Run {
	t.Helper()
	var out *Run
	synctest.Test(t, func(t *testing.T) { out = play(t, s, open) })
	return out
}

func play(t *testing.T, s *Script, open func(*machine) program) *Run {
	w := newWorld(s)
	machines := make([]*machine, max(1, s.Machines))
	for i := range machines {
		machines[i] = &machine{world: w, id: i}
		machines[i].program = open(machines[i])
	}
	for _, e := range s.Events {
		<-time.After(e.At - w.elapsed())
		w.note(e)
		if err := w.act(e); err != nil {
			t.Fatal(err)
		}
		machines[e.Machine].apply(e)
		synctest.Wait()
		w.observe()
	}
	<-time.After(dayLength - w.elapsed())
	synctest.Wait()
	w.observe()
	w.timer.Stop()
	for _, m := range machines {
		m.turn()
		if m.running {
			m.program.kill()
		}
	}
	<-time.After(time.Hour) // what is on its way arrives
	slices.SortStableFunc(w.requests, func(a, b Request) int { return cmp.Compare(a.At, b.At) })
	requests := slices.DeleteFunc(w.requests, func(r Request) bool { return r.At >= dayLength })
	return &Run{Script: s, Facts: w.facts, Requests: requests, Trace: w.trace}
}
