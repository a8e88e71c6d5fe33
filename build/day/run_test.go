package day

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// The flags of build/days, which runs TestReport.
var (
	flagSeed  = flag.Uint64("seed", 1, "the first seed")
	flagDays  = flag.Int("n", 2, "how many days")
	flagJSON  = flag.Bool("json", false, "write one JSON object")
	flagStory = flag.Bool("story", false, "tell the first day")
	flagAgain = flag.Int("again", 1, "run each K-th seed twice; 0: none")
	flagTwo   = flag.Bool("two", false, "two computers")
	flagAlone = flag.Bool("alone", false, "without the peers")
	flagOut   = flag.String("out", "", "the file for the report; empty: it is only made")
	flagParts = flag.Int("parts", 0, "how many processes share the days; TestReport starts them")
	flagPart  = flag.Int("part", 0, "which of them this is")
)

// TestReport is the body of build/days. On its own it holds that a few days, each
// run twice with the same trace, lead to a report.
func TestReport(t *testing.T) {
	if *flagParts > 0 {
		reportPart(t)
		return
	}
	name := *flagOut
	if name == "" {
		name = filepath.Join(t.TempDir(), "report")
	}
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if *flagStory {
		if err := Story(out, Simulate(t, NewScript(*flagSeed, machines()), openHeliograph)); err != nil {
			t.Fatal(err)
		}
		return
	}
	all := inProcesses(t, t.TempDir())
	if t.Failed() {
		return
	}
	r := reportOf(*flagSeed, *flagAgain, all)
	write := r.Table
	if *flagJSON {
		write = r.JSON
	}
	if err := write(out); err != nil {
		t.Fatal(err)
	}
	if info, err := out.Stat(); err != nil || info.Size() == 0 {
		t.Errorf("the report is empty: %v", err)
	}
}

// machines returns how many computers the person has.
func machines() int {
	if *flagTwo {
		return 2
	}
	return 1
}

// peers lists the strategies that are compared.
func peers() []Peer {
	if *flagAlone {
		return nil
	}
	return Peers
}

// outcomes are those of one seed: heliograph's first, then its peers'.
type outcomes []Outcome

// reportPart simulates every parts-th day and writes its outcomes.
func reportPart(t *testing.T) {
	var all []outcomes
	for n := *flagPart; n < *flagDays && !t.Failed(); n += *flagParts {
		all = append(all, simulateSeed(t, *flagSeed+uint64(n), *flagAgain > 0 && n%*flagAgain == 0))
	}
	raw, err := json.Marshal(all)
	if err == nil {
		err = os.WriteFile(*flagOut, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// inProcesses shares the days among as many processes as there are processors.
// Each runs on one: the goroutines of a bubble wait for each other, which takes
// longer across processors.
func inProcesses(t *testing.T, dir string) []outcomes {
	parts := min(runtime.NumCPU(), *flagDays)
	all := make([]outcomes, *flagDays)
	var running sync.WaitGroup
	for part := range parts {
		running.Go(func() {
			path := filepath.Join(dir, strconv.Itoa(part))
			cmd := exec.Command(os.Args[0], "-test.run=^TestReport$", "-test.timeout=0", "-seed="+strconv.FormatUint(*flagSeed, 10), "-n="+strconv.Itoa(*flagDays),
				"-again="+strconv.Itoa(*flagAgain), "-two="+strconv.FormatBool(*flagTwo), "-alone="+strconv.FormatBool(*flagAlone), "-parts="+strconv.Itoa(parts), "-part="+strconv.Itoa(part), "-out="+path)
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=400")
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("part %d: %v\n%s", part, err, text)
				return
			}
			raw, err := os.ReadFile(path)
			var some []outcomes
			if err == nil {
				err = json.Unmarshal(raw, &some)
			}
			if err != nil {
				t.Errorf("part %d: %v", part, err)
				return
			}
			for i, o := range some {
				all[part+i*parts] = o
			}
		})
	}
	running.Wait()
	return all
}

// reportOf sums up the outcomes of days.
func reportOf(seed uint64, again int, all []outcomes) *Report {
	r := &Report{Seed: seed, Strategies: map[string]*Sum{}}
	for _, p := range peers() {
		r.Strategies[p.Name] = &Sum{}
	}
	for n, one := range all {
		if again > 0 && n%again == 0 {
			r.Again++
		}
		r.Add(one[0])
		for i, p := range peers() {
			r.Strategies[p.Name].Add(one[i+1])
		}
	}
	return r
}

func simulateSeed(t *testing.T, seed uint64, twice bool) outcomes {
	script := NewScript(seed, machines())
	run := Simulate(t, script, openHeliograph)
	if twice {
		sameTrace(t, run, Simulate(t, NewScript(seed, machines()), openHeliograph))
	}
	out := outcomes{Count(run, true)}
	for _, p := range peers() {
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
