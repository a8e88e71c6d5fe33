//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/detect"
)

// init makes this test binary a program that only watches, so that its
// wake-ups can be counted.
func init() {
	settle, err := time.ParseDuration(os.Getenv("HELIOGRAPH_E2E_WATCH"))
	if err != nil {
		return
	}
	w := detect.Watch(context.Background(), detect.Options{Settle: settle})
	for a := range w.Changes() {
		fmt.Printf("%+v\n", a)
	}
	os.Exit(0)
}

// wakeups counts how often any thread of a process went to sleep by itself.
func wakeups(t *testing.T, pid int) (n int) {
	t.Helper()
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // a thread that ended
		}
		for line := range strings.Lines(string(b)) {
			if v, ok := strings.CutPrefix(line, "voluntary_ctxt_switches:"); ok {
				c, err := strconv.Atoi(strings.TrimSpace(v))
				if err != nil {
					t.Fatal(err)
				}
				n += c
			}
		}
	}
	return n
}

// TestWakeups holds that nothing runs while nothing happens: every backend
// that this desktop has is open, and the desk rests.
func TestWakeups(t *testing.T) {
	touch(t)
	wakeupsAtRest(t, "x11-sync", 20*time.Second)
}

// wakeupsAtRest counts those of a program that only watches.
func wakeupsAtRest(t *testing.T, backend string, span time.Duration) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, []string{"HELIOGRAPH_E2E_WATCH=1s"}, self)
	eventually(t, "the desk rests", func() bool { return strings.Contains(p.output(), "InUse:false") })
	pause(2 * time.Second) // the Go runtime settles
	before := wakeups(t, p.cmd.Process.Pid)
	pause(span)
	n := wakeups(t, p.cmd.Process.Pid) - before
	perMinute := n * int(time.Minute/span)
	t.Logf("%s: %d wake-ups a minute over all threads, all backends open, at rest", backend, perMinute)
	if perMinute > 30 {
		t.Errorf("%d wake-ups a minute while nothing happens:\n%s", perMinute, p.output())
	}
}

// pause lets time pass; it is what is measured.
func pause(d time.Duration) { <-time.After(d) }

// TestCallLatency measures, over many calls, how long after its debounce a
// recording is a call, and how long after its grace it is none.
func TestCallLatency(t *testing.T) {
	const calls, debounce, grace = 20, 300 * time.Millisecond, 300 * time.Millisecond
	w := watching(t, detect.Options{Debounce: debounce, Grace: grace})
	eventually(t, "the sound server serves", func() bool { return part(w, "microphone").Backend == "pulseaudio" })
	var begins, ends []time.Duration
	for range calls {
		rec := record(t, "zoom")
		recording := time.Time{}
		eventually(t, "it records", func() bool {
			s := w.Streams()
			if len(s) == 1 && s[0].Running && recording.IsZero() {
				recording = s[0].Since
			}
			return call(w) == "zoom"
		})
		begins = append(begins, time.Since(recording)-debounce)
		ended := time.Now()
		rec.signal(syscall.SIGTERM)
		eventually(t, "the call ends", func() bool { return call(w) == "" })
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

// TestSoundServerRestartsInACall: the call goes on, as long as its program is
// back within the grace, and one that begins meanwhile is not missed.
func TestSoundServerRestartsInACall(t *testing.T) {
	needs(t, "pipewire-pulse")
	dir := runtimeDir(t)
	socket := filepath.Join(dir, "native")
	t.Setenv("PIPEWIRE_REMOTE", filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "pipewire-0"))
	t.Setenv("PULSE_RUNTIME_PATH", dir)
	t.Setenv("PULSE_SERVER", "unix:"+socket)
	serve := func() *process {
		t.Helper()
		p := start(t, nil, "pipewire-pulse")
		eventually(t, "the sound server listens", func() bool { return listens(socket) })
		return p
	}
	server := serve()
	const grace = 5 * time.Second
	w := watching(t, detect.Options{Debounce: time.Second, Grace: grace})
	record(t, "zoom")
	eventually(t, "the call begins", func() bool { return call(w) == "zoom" })
	since := w.Activity().Call.Since
	killed(server)
	os.Remove(socket)
	eventually(t, "the server's end is seen", func() bool { return part(w, "microphone").Backend == "" })
	serve()
	began := time.Now()
	eventually(t, "the new server serves", func() bool { return part(w, "microphone").Backend == "pulseaudio" })
	t.Logf("the new sound server serves after %v", time.Since(began).Round(time.Millisecond))
	record(t, "zoom")
	during(t, grace+2*time.Second, "it is the same call", func() bool {
		c := w.Activity().Call
		return c.App == "zoom" && c.Since.Equal(since)
	})
}
