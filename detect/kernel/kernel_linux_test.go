package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heliograph/build/wait"
	"heliograph/detect/latest"
)

// program copies a program under another name.
func program(t *testing.T, dir, real, name string) string {
	t.Helper()
	path, err := exec.LookPath(real)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, name)
	if err := os.WriteFile(out+".new", raw, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(out+".new", out); err != nil { // as a package's upgrade does
		t.Fatal(err)
	}
	return out
}

// running starts a program and ends it with the test.
func running(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(name, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(c) })
	return c
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func end(c *exec.Cmd) {
	_ = c.Process.Kill()
	_ = c.Wait()
}

func TestPrograms(t *testing.T) {
	dir := t.TempDir()
	name := fmt.Sprint("lock", os.Getpid()) // others run tests on this computer too
	path := program(t, dir, "sleep", name)
	changed := make(chan struct{}, 1)
	p, err := WatchPrograms(HostProc, []string{dir, filepath.Join(dir, "none")}, []string{name, "none"}, func() { latest.Notify(changed) })
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if n, _ := p.State(); n != 1 {
		t.Errorf("%d are installed", n)
	}
	runs := func(want bool) func() bool { return func() bool { _, n := p.State(); return n > 0 == want } }
	c := running(t, path, "1000")
	wait.Until(t, "its start is seen", runs(true))
	<-changed
	end(c)
	wait.Until(t, "its end is seen", runs(false))

	// swaylock -f goes into the background: the child stays.
	running(t, "/bin/sh", "-c", path+" 1000 & "+path+" 0.2; touch "+dir+"/ended; wait")
	wait.Until(t, "the parent is seen", runs(true))
	wait.Until(t, "the child runs and the parent has ended", func() bool { return len(HostProc.Running([]string{name})) == 1 && exists(dir+"/ended") })
	if !runs(true)() {
		t.Error("the child is not seen")
	}
	for _, pid := range HostProc.Running([]string{name}) {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
	wait.Until(t, "both have ended", runs(false))

	path = program(t, dir, "sleep", name)
	running(t, path, "1000")
	wait.Until(t, "an upgraded one is seen", runs(true))
}

// A program that already runs is seen at once; somebody who reads its file does
// not run it.
func TestProgramThatAlreadyRuns(t *testing.T) {
	dir := t.TempDir()
	name := fmt.Sprint("before", os.Getpid())
	path := program(t, dir, "sleep", name)
	c := running(t, path, "1000")
	wait.Until(t, "it runs", func() bool { return len(HostProc.Running([]string{name})) == 1 })
	p, err := WatchPrograms(HostProc, []string{dir}, []string{name}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	running := func() int { _, n := p.State(); return n }
	if running() != 1 {
		t.Error("it is not seen")
	}
	end(c)
	wait.Until(t, "its end is seen", func() bool { return running() == 0 })
	if _, err := os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if running() != 0 {
		t.Error("a reader of the file counts")
	}
}

func TestDevices(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "snd")
	device := func(name string) string {
		path := filepath.Join(sub, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	changed := make(chan struct{}, 1)
	d, err := WatchDevices(HostProc, []string{dir, sub}, func(n string) bool { return strings.HasSuffix(n, "c") }, func() { latest.Notify(changed) })
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	holders := func() []Process { _, h := d.State(); return h }
	held := func(n int) func() bool { return func() bool { return len(holders()) == n } }
	if err := os.Mkdir(sub, 0o700); err != nil { // a card is plugged in
		t.Fatal(err)
	}
	mic, speaker := device("pcmC0D0c"), device("pcmC0D0p")
	wait.Until(t, "the device is watched", func() bool { n, _ := d.State(); return n == 1 })
	tail := func(name, path string) *exec.Cmd {
		return running(t, program(t, t.TempDir(), "tail", name), "-f", path)
	}
	tail("zoom", speaker)
	c := tail("baresip", mic)
	wait.Until(t, "the process that has it open is seen", held(1))
	if h := holders()[0]; h.PID != c.Process.Pid || !slices.Equal(h.Names, []string{"baresip"}) {
		t.Errorf("it is %+v", h)
	}
	<-changed
	own, err := os.Open(mic)
	if err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "a second one is seen", held(2))
	own.Close()
	end(c)
	wait.Until(t, "the end of both is seen", held(0))
	if err := os.Remove(mic); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "a card that is pulled out is forgotten", func() bool { n, _ := d.State(); return n == 0 })
}

func TestJumps(t *testing.T) {
	s := &Sleep{slept: time.Minute}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s.jumped(time.Minute+time.Millisecond, now, nil)
	if !s.woke.IsZero() {
		t.Error("a clock that was set counts as sleep")
	}
	s.jumped(time.Hour, now, nil)
	if !s.woke.Equal(now) {
		t.Error("sleep is not seen")
	}
	s.jumped(time.Hour, now.Add(time.Hour), nil)
	if !s.woke.Equal(now) {
		t.Error("one sleep is seen twice")
	}
}

// The kernel's timer must exist, and end with Close and not before.
func TestSleep(t *testing.T) {
	s, err := WatchSleep(func() {})
	if err != nil {
		t.Fatal(err)
	}
	if woke, err := s.Woke(); !woke.IsZero() || err != nil {
		t.Errorf("woke at %v, %v", woke, err)
	}
	s.Close()
}

func TestProgramOnAnotherScreen(t *testing.T) {
	for _, c := range []struct {
		name, env, display, wayland string
		want                        bool
	}{
		{"same", "A=1\x00DISPLAY=:1\x00", ":1", "", true},
		{"same_with_screen", "DISPLAY=:1.0\x00", ":1", "", true},
		{"same_by_path", "WAYLAND_DISPLAY=wayland-1\x00", "", "/run/user/1000/wayland-1", true},
		{"another", "DISPLAY=:2\x00", ":1", "", false},
		{"wayland_beside_x", "WAYLAND_DISPLAY=wayland-1\x00", ":1", "", false},
		{"says_nothing", "A=1\x00", ":1", "", true},
		{"unreadable", "", ":1", "", true},
		{"we_say_nothing", "DISPLAY=:2\x00", "", "", true},
		{"xwayland", "DISPLAY=:0\x00WAYLAND_DISPLAY=wayland-1\x00", ":0", "wayland-1", true},
		{"another_compositor", "DISPLAY=:9\x00WAYLAND_DISPLAY=wayland-2\x00", ":0", "wayland-1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("DISPLAY", c.display)
			t.Setenv("WAYLAND_DISPLAY", c.wayland)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "environ"), []byte(c.env), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := sameScreen(dir); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func FuzzEvents(f *testing.F) {
	f.Add(append(make([]byte, 12), 16, 0, 0, 0, 'a', 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, e := range splitEvents(b) {
			if len(e.Name) > len(b) {
				t.Fatal("a name longer than all there is")
			}
		}
	})
}
