//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/detect"
)

// watchVariable holds the settling time for a test binary that was started as a
// program that only watches, so that its wake-ups can be counted.
const watchVariable = "HELIOGRAPH_E2E_WATCH"

// watchOnly runs the detector alone until the process is ended, if this process
// was started for that, and reports so.
func watchOnly() bool {
	settle, err := time.ParseDuration(os.Getenv(watchVariable))
	if err != nil {
		return false
	}
	w := detect.Watch(context.Background(), detect.Options{Settle: settle})
	for a := range w.Changes() {
		fmt.Printf("%+v\n", a)
		for _, p := range w.Parts() {
			if p.Problem != "" { // it is tried again, which wakes the program
				fmt.Printf("missing: %s: %s\n", p.Name, p.Problem)
			}
		}
	}
	return true
}

// TestWakeups: nothing runs while nothing happens, with every backend that this
// desktop has and without input.
func TestWakeups(t *testing.T) {
	touch(t)
	wakeupsAtRest(t, "x11-sync", 10*time.Second)
}

// wakeupsAtRest counts the wake-ups of a program that only watches, without
// input.
func wakeupsAtRest(t *testing.T, backend string, span time.Duration) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := lab.Start(t, []string{watchVariable + "=1s"}, self)
	wait.Until(t, "the detector reports that the input has stopped", func() bool { return strings.Contains(p.Output(), "InUse:false") })
	pause(2 * time.Second) // the Go runtime settles
	count := func() int {
		before := switches(t, p.PID())
		pause(span)
		return (switches(t, p.PID()) - before) * int(time.Minute/span)
	}
	perMinute := count()
	if perMinute > 30 { // something may have happened: what recurs is there again
		perMinute = min(perMinute, count())
	}
	t.Logf("%s: %d wake-ups a minute over all threads, all backends open, without input", backend, perMinute)
	if perMinute > 30 {
		t.Errorf("%d wake-ups a minute while nothing happens:\n%s", perMinute, p.Output())
	}
}

// pause lets time pass: a span of it is what is measured.
func pause(d time.Duration) { <-time.After(d) }

// TestCallLatency measures, over many calls, how long after its debounce a
// recording is a call, and how long after its grace it is not.
func TestCallLatency(t *testing.T) {
	const calls, debounce, grace = 20, 300 * time.Millisecond, 300 * time.Millisecond
	w := watching(t, detect.Options{Debounce: debounce, Grace: grace})
	wait.Until(t, "the sound server is open", func() bool { return part(w, "microphone").Backend == "pulseaudio" })
	var begins, ends []time.Duration
	for range calls {
		rec := record(t, "zoom")
		recording := time.Time{}
		wait.Until(t, "it records", func() bool {
			s := w.Streams()
			if len(s) == 1 && s[0].Running && recording.IsZero() {
				recording = s[0].Since
			}
			return call(w) == "zoom"
		})
		begins = append(begins, time.Since(recording)-debounce)
		ended := time.Now()
		rec.Signal(syscall.SIGTERM)
		wait.Until(t, "the call ends", func() bool { return call(w) == "" })
		ends = append(ends, time.Since(ended)-grace)
	}
	for name, d := range map[string][]time.Duration{"begins": begins, "ends": ends} {
		slices.Sort(d)
		t.Logf("a call %s after its %v: least %v, median %v, 95 of 100 %v, most %v", name, debounce, d[0].Round(time.Millisecond), d[len(d)/2].Round(time.Millisecond),
			d[len(d)*19/20].Round(time.Millisecond), d[len(d)-1].Round(time.Millisecond))
		if d[len(d)/2] > 100*time.Millisecond {
			t.Errorf("a call %s %v late at the median", name, d[len(d)/2])
		}
	}
}

// TestSoundServerRestartsInACall: the call goes on if its program records again
// within the grace. The story has a sound server of its own.
func TestSoundServerRestartsInACall(t *testing.T) {
	needs(t, "pipewire-pulse")
	dir := runtimeDir(t)
	socket := filepath.Join(dir, "native")
	t.Setenv("PIPEWIRE_REMOTE", filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "pipewire-0"))
	t.Setenv("PULSE_RUNTIME_PATH", dir)
	t.Setenv("PULSE_SERVER", "unix:"+socket)
	serve := func() *lab.Process {
		t.Helper()
		p := lab.Start(t, nil, "pipewire-pulse")
		wait.Until(t, "the sound server listens", func() bool { return listens(socket) })
		return p
	}
	server := serve()
	const grace = 5 * time.Second
	w := watching(t, detect.Options{Debounce: time.Second, Grace: grace})
	record(t, "zoom")
	wait.Until(t, "the call begins", func() bool { return call(w) == "zoom" })
	since := w.Activity().Call.Since
	server.Kill()
	os.Remove(socket)
	wait.Until(t, "the server's end is seen", func() bool { return part(w, "microphone").Backend == "" })
	serve()
	began := time.Now()
	wait.Until(t, "the new server is open", func() bool { return part(w, "microphone").Backend == "pulseaudio" })
	t.Logf("the new sound server is open after %v", time.Since(began).Round(time.Millisecond))
	record(t, "zoom")
	wait.During(t, grace+2*time.Second, "it is the same call", func() bool {
		c := w.Activity().Call
		return c.App == "zoom" && c.Since.Equal(since)
	})
}
