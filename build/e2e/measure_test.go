//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// The numbers of a program that runs all day. They are benchmarks, not tests:
// build/desktop -l -- go test -run - -bench . -benchtime 20x ./build/e2e

// median of some durations, in milliseconds.
func median(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2].Microseconds()) / 1000
}

func report(b *testing.B, d []time.Duration) {
	b.ReportMetric(median(d), "ms-median")
	b.ReportMetric(float64(d[0].Microseconds())/1000, "ms-min")
	b.ReportMetric(float64(d[len(d)-1].Microseconds())/1000, "ms-max")
}

// BenchmarkCallToPresence times the way from the start of a listed program
// that records to setPresence at the emulator, without debounce.
func BenchmarkCallToPresence(b *testing.B) {
	p, _ := running(b, "1h")
	var took []time.Duration
	for range b.N {
		rec := record(b, "zoom")
		began := rec.Began
		var at time.Time
		wait.Until(b, "a call is posted", func() bool {
			at = posted(p, "InACall", began)
			return !at.IsZero()
		})
		took = append(took, at.Sub(began))
		rec.Signal(syscall.SIGTERM)
		wait.Until(b, "the call ends", func() bool { return p.Emu.Shows("Available/Available") })
	}
	report(b, took)
}

// posted returns when an activity was set at the emulator since then; zero: it
// was not.
func posted(p *lab.Person, activity string, since time.Time) time.Time {
	for _, r := range p.Emu.Requests() {
		if strings.HasSuffix(r.Path, "/setPresence") && r.Time.After(since) && strings.Contains(string(r.Body), activity) {
			return r.Time
		}
	}
	return time.Time{}
}

// BenchmarkStartToIcon times the way from exec to the icon's registration.
func BenchmarkStartToIcon(b *testing.B) {
	p := newPerson(b, "1h")
	p.Login()
	panel := newPanel(b)
	var took []time.Duration
	for range b.N {
		app := p.Command("run")
		pid := app.PID()
		wait.Until(b, "the icon is on the panel", func() bool { return panel.item(pid) != "" })
		took = append(took, time.Since(app.Began))
		app.Stop()
	}
	report(b, took)
}

// BenchmarkIdle watches the signed-in program for five minutes in which nothing
// happens, apart from what keeps the presence session alive.
func BenchmarkIdle(b *testing.B) {
	p, app := running(b, "1h")
	pid := app.PID()
	const (
		rest = 40 * time.Second // half a minute after the last input the detector reports an event
		span = 5 * time.Minute
	)
	<-time.After(rest)
	// Samples separate what a post costs from what nothing costs.
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var quiet, posting, seconds int
	last, posts, posted := switches(b, pid), requests(p), time.Time{}
	for end := time.Now().Add(span); time.Now().Before(end); {
		<-tick.C
		now, n := switches(b, pid), requests(p)
		if n != posts {
			posts, posted = n, time.Now()
		}
		if time.Since(posted) < afterPost {
			posting += now - last
		} else {
			quiet += now - last
			seconds++
			if now > last {
				b.Logf("%d switches in a quiet second, %v after the last post", now-last, time.Since(posted).Round(time.Second))
			}
		}
		last = now
	}
	b.ReportMetric(float64(quiet)/float64(seconds)*60, "quiet-switches/min")
	b.ReportMetric(float64(posting)/span.Minutes(), "post-switches/min")
	b.ReportMetric(pss(b, pid), "MB-PSS")
}

// afterPost is how long after a post its connection is closed.
const afterPost = 4 * time.Second

func requests(p *lab.Person) int {
	return len(p.Emu.Requests())
}

var voluntary = regexp.MustCompile(`\nvoluntary_ctxt_switches:\s+(\d+)`)

// switches counts voluntary context switches over all threads.
func switches(b testing.TB, pid int) (n int) {
	b.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) == 0 {
		b.Fatalf("no threads of %d: %v", pid, err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f) // it fails for a thread that has just ended
		if m := voluntary.FindSubmatch(raw); err == nil && m != nil {
			v, _ := strconv.Atoi(string(m[1])) // digits only
			n += v
		}
	}
	return n
}

var pssLine = regexp.MustCompile(`(?m)^Pss:\s+(\d+) kB`)

// pss returns the proportional set size in MB.
func pss(b *testing.B, pid int) float64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	m := pssLine.FindSubmatch(raw)
	if err != nil || m == nil {
		b.Fatalf("no memory map of %d: %v", pid, err)
	}
	kb, _ := strconv.Atoi(string(m[1])) // digits only
	return float64(kb) / 1024
}
