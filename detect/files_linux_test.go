package detect

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heliograph/detect/call"
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

func TestLockers(t *testing.T) {
	dir := t.TempDir()
	name := fmt.Sprint("lock", os.Getpid()) // others test on this machine too
	path := program(t, dir, "sleep", name)
	woken := make(chan struct{}, 100)
	l, err := watchLockers([]string{dir, filepath.Join(dir, "none")}, []string{name, "none"}, hostProc, func() { notify(woken) })
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	locked := func(want bool) func() bool { return func() bool { return sampled(t, l).locked == want } }
	c := running(t, path, "1000")
	soon(t, "its start is seen", locked(true))
	<-woken
	end(c)
	soon(t, "its end is seen", locked(false))

	// swaylock -f goes into the background: the child stays.
	running(t, "/bin/sh", "-c", path+" 1000 & "+path+" 0.2; touch "+dir+"/ended; wait")
	soon(t, "the parent is seen", locked(true))
	soon(t, "the child is there, the parent has ended", func() bool { return len(hostProc.called([]string{name})) == 1 && exists(dir+"/ended") })
	if !locked(true)() {
		t.Error("the child is not seen")
	}
	for _, pid := range hostProc.called([]string{name}) {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
	soon(t, "both have ended", locked(false))

	path = program(t, dir, "sleep", name)
	running(t, path, "1000")
	soon(t, "an upgraded one is seen", locked(true))
}

// A locker that ran before is seen at once; an opened file alone is none.
func TestLockerOfBefore(t *testing.T) {
	dir := t.TempDir()
	name := fmt.Sprint("before", os.Getpid())
	path := program(t, dir, "sleep", name)
	c := running(t, path, "1000")
	soon(t, "it runs", func() bool { return len(hostProc.called([]string{name})) == 1 })
	l, err := watchLockers([]string{dir}, []string{name}, hostProc, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if !sampled(t, l).locked {
		t.Error("not seen")
	}
	end(c)
	soon(t, "its end is seen", func() bool { return !sampled(t, l).locked })
	if _, err := os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if sampled(t, l).locked {
		t.Error("a reader of the file locks")
	}
}

func TestDeviceHolders(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "snd")
	device := func(name string) string {
		path := filepath.Join(sub, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	woken := make(chan struct{}, 1)
	src, err := watchDevices(&devices{what: "sound card", dirs: []string{dir, sub}, proc: hostProc, wake: func() { notify(woken) }, record: true,
		match: func(n string) bool { return strings.HasPrefix(n, "pcm") && strings.HasSuffix(n, "c") }})
	if err != nil {
		t.Fatal(err)
	}
	defer src.close()
	captures := func(n int) func() bool { return func() bool { return len(sampled(t, src).evidence.Captures) == n } }
	if err := os.Mkdir(sub, 0o700); err != nil { // a card is plugged in
		t.Fatal(err)
	}
	mic, speaker := device("pcmC0D0c"), device("pcmC0D0p")
	soon(t, "the device is watched", func() bool {
		d := src.(*devices)
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.watched) == 1
	})
	tail := func(name, path string) *exec.Cmd {
		return running(t, program(t, t.TempDir(), "tail", name), "-f", path)
	}
	tail("zoom", speaker)
	c := tail("baresip", mic)
	soon(t, "who records is seen", captures(1))
	f := sampled(t, src)
	if app, _ := call.Find(f.evidence.Captures[0].Names); app.ID != "baresip" {
		t.Errorf("it is %q", f.evidence.Captures[0].Names)
	}
	<-woken
	tail("pipewire", mic)
	end(c)
	soon(t, "its end is seen, and a sound server is nobody", captures(0))
	f2, err := os.Open(mic)
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "our own is known as ours", func() bool { f := sampled(t, src); return len(f.evidence.Captures) == 1 && f.evidence.Captures[0].Own })
	f2.Close()
	if err := os.Remove(mic); err != nil {
		t.Fatal(err)
	}
	soon(t, "a card that is pulled out is forgotten", func() bool { return captures(0)() })
}

func TestJumps(t *testing.T) {
	c := &clock{slept: time.Minute}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c.jumped(time.Minute+time.Millisecond, now, nil)
	if !c.woke.IsZero() {
		t.Error("a clock that was set is no sleep")
	}
	c.jumped(time.Hour, now, nil)
	if !c.woke.Equal(now) {
		t.Error("sleep is not seen")
	}
	c.jumped(time.Hour, now.Add(time.Hour), nil)
	if !c.woke.Equal(now) {
		t.Error("one sleep is seen twice")
	}
}

// The kernel's timer must be there, end with close and not before.
func TestClock(t *testing.T) {
	src, err := openClock(t.Context(), env{changed: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	if f := sampled(t, src); !f.woke.IsZero() {
		t.Errorf("woke at %v", f.woke)
	}
	src.close()
}

func TestLockerOfAnotherScreen(t *testing.T) {
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
