package day

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
)

// The flags of build/days, which runs TestReport.
var (
	flagSeed  = flag.Uint64("seed", 1, "the first seed")
	flagDays  = flag.Int("n", 0, "how many days; 0: TestReport is skipped")
	flagJSON  = flag.Bool("json", false, "write one JSON object")
	flagStory = flag.Bool("story", false, "tell the first day")
	flagAgain = flag.Int("again", 1, "run each K-th seed twice; 0: none")
	flagOut   = flag.String("out", "", "the file for the report")
)

// TestReport is the body of build/days.
func TestReport(t *testing.T) {
	if *flagDays == 0 {
		t.Skip("build/days runs it")
	}
	out, err := os.Create(*flagOut)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if *flagStory {
		run := Simulate(t, NewScript(*flagSeed), openHeliograph)
		if err := Story(out, run); err != nil {
			t.Fatal(err)
		}
		return
	}
	r := simulateAll(t, *flagSeed, *flagDays, *flagAgain)
	if t.Failed() {
		return
	}
	write := r.Table
	if *flagJSON {
		write = r.JSON
	}
	if err := write(out); err != nil {
		t.Fatal(err)
	}
}

// outcomes are those of one seed: heliograph's first, then its peers'.
type outcomes []Outcome

// simulateAll runs days on all processors, heliograph and its peers on each.
func simulateAll(t *testing.T, seed uint64, days, again int) *Report {
	all := make([]outcomes, days)
	var next atomic.Int64
	t.Run("days", func(t *testing.T) {
		for i := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for n := int(next.Add(1)) - 1; n < days && !t.Failed(); n = int(next.Add(1)) - 1 {
					all[n] = simulateSeed(t, seed+uint64(n), again > 0 && n%again == 0)
				}
			})
		}
	})
	r := &Report{Seed: seed, Strategies: map[string]*Sum{}}
	for _, p := range Peers {
		r.Strategies[p.Name] = &Sum{}
	}
	for n, one := range all {
		if one == nil {
			continue
		}
		if again > 0 && n%again == 0 {
			r.Again++
		}
		r.Add(one[0])
		for i, p := range Peers {
			r.Strategies[p.Name].Add(one[i+1])
		}
	}
	return r
}

func simulateSeed(t *testing.T, seed uint64, twice bool) outcomes {
	script := NewScript(seed)
	run := Simulate(t, script, openHeliograph)
	if twice {
		sameTrace(t, run, Simulate(t, NewScript(seed), openHeliograph))
	}
	out := outcomes{Count(run, true)}
	for _, p := range Peers {
		out = append(out, Count(Simulate(t, script, p.open), false))
	}
	return out
}

// sameTrace checks that two runs of a seed were the same.
func sameTrace(t *testing.T, a, b *Run) {
	t.Helper()
	if where := Differs(a, b); where != "" {
		t.Errorf("seed %d does not give the same run twice: %s", a.Script.Seed, where)
	}
}
