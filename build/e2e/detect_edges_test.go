//go:build unix

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"heliograph/build/wait"
	"heliograph/detect"
)

// settle is the settling time at which the desktops are measured.
const settle = 1500 * time.Millisecond

// Bounds of the two edges, from input to idle and back: what the clock of the
// compositor and a busy computer may add.
const (
	idleEdge   = 50 * time.Millisecond
	returnEdge = 100 * time.Millisecond
	rounds     = 3 // the best counts: a busy computer may delay one
)

// desktop is what measure needs of a compositor.
type desktop struct {
	backend string                    // the backend of ours that must be used there
	start   func(t *testing.T)        // starts it, or starts it again
	kill    func(t *testing.T)        // ends it as a crash would
	touch   func(t *testing.T)        // makes input
	coarse  time.Duration             // by how much the compositor's own timer may be off
	oracle  func(t *testing.T) oracle // starts another program that measures the same; nil: there is none
}

// oracle measures idle time independently of us.
type oracle interface {
	// idleAt is when settle had passed since the last input.
	idleAt(t *testing.T) time.Time
}

// edges is what one round has measured.
type edges struct {
	idle     time.Duration // by how much the idle edge was late; negative: early
	returned time.Duration // from the command that makes input to its report
}

// measure holds a desktop against the bounds, before and after a crash.
func measure(t *testing.T, d desktop) {
	d.start(t)
	var other oracle
	if d.oracle != nil {
		other = d.oracle(t)
	}
	w := detect.Watch(t.Context(), detect.Options{Settle: settle})
	t.Cleanup(w.Close)
	wait.Until(t, d.backend+" is open", func() bool { return part(w, "idle").Backend == d.backend })
	best := edges{idle: time.Hour, returned: time.Hour}
	for i := range rounds {
		e := d.round(t, w, other, i == 0)
		best.idle = min(best.idle, e.idle.Abs())
		best.returned = min(best.returned, e.returned)
	}
	if best.idle > idleEdge+d.coarse || best.returned > returnEdge {
		t.Errorf("%s: at best idle %v off the threshold (%v allowed), in use after %v (%v allowed)", d.backend, best.idle, idleEdge+d.coarse, best.returned, returnEdge)
	}
	d.kill(t)
	wait.Until(t, "the crash is seen", func() bool { return part(w, "idle").Backend != d.backend })
	d.start(t)
	began := time.Now()
	wait.Until(t, d.backend+" is open again", func() bool { return part(w, "idle").Backend == d.backend })
	t.Logf("%s: open again %v after its restart", d.backend, time.Since(began).Round(time.Millisecond))
	d.round(t, w, nil, true)
	w.Close()
	wakeupsAtRest(t, d.backend, 10*time.Second)
}

// round measures both edges once. Before the first input the instant of the
// last one is not known.
func (d desktop) round(t *testing.T, w *detect.Watcher, other oracle, first bool) edges {
	t.Helper()
	d.touch(t)
	touched := time.Now()
	var idle, returned time.Time
	wait.Until(t, "idle is reported", func() bool {
		idle = time.Now()
		return !w.Activity().InUse && !w.Activity().LastInput.IsZero()
	})
	late := idle.Sub(touched) - settle
	if off := w.Activity().LastInput.Sub(touched); !first && (off < -settle/2 || off > settle/2) {
		t.Errorf("%s: the last input is reported %v off", d.backend, off)
	}
	if other != nil {
		off := idle.Sub(other.idleAt(t))
		t.Logf("%s: %v from what the other program measures", d.backend, off.Round(time.Millisecond))
		if off.Abs() > 4*idleEdge { // the other program starts a process to report
			t.Errorf("%s: idle is %v from what the other program measures", d.backend, off)
		}
	}
	done := make(chan struct{})
	began := time.Now()
	go func() {
		defer close(done)
		d.touch(t)
	}()
	wait.Until(t, "input is reported", func() bool {
		returned = time.Now()
		return w.Activity().InUse
	})
	<-done
	t.Logf("%s: idle %v after the threshold, in use %v after the input's command", d.backend, late.Round(time.Millisecond), returned.Sub(began).Round(time.Millisecond))
	return edges{late, returned.Sub(began)}
}

// fileOracle is a program that writes the time into a file once it has seen no
// input for a threshold of its own.
type fileOracle struct {
	path      string
	threshold time.Duration
}

// idleAt waits for the next line of the file.
func (o fileOracle) idleAt(t *testing.T) time.Time {
	var at time.Time
	had, _ := os.ReadFile(o.path)
	wait.Until(t, "the other program reports", func() bool {
		b, _ := os.ReadFile(o.path)
		lines := strings.Fields(string(b[min(len(b), len(had)):]))
		if len(lines) == 0 {
			return false
		}
		f, err := strconv.ParseFloat(lines[0], 64)
		at = time.UnixMicro(int64(f * 1e6))
		return err == nil
	})
	return at.Add(settle - o.threshold)
}

// xprintidle is a program that prints the time since the last input, as the X
// server reports it.
type xprintidle struct{}

func (xprintidle) idleAt(t *testing.T) time.Time {
	out, err := exec.Command("xprintidle").Output()
	now := time.Now()
	ms, perr := strconv.Atoi(strings.TrimSpace(string(out)))
	if err := errors.Join(err, perr); err != nil {
		t.Fatalf("xprintidle: %v", err)
	}
	return now.Add(settle - time.Duration(ms)*time.Millisecond)
}
