package autostart

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// useFolders gives the test folders of its own, and returns the paths of the
// user's entry and of a package's.
func useFolders(t *testing.T) (own, common string) {
	t.Helper()
	own, common = t.TempDir(), t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", own)
	t.Setenv("XDG_CONFIG_DIRS", "relative:"+common)
	return filepath.Join(own, "autostart", "heliograph.desktop"), filepath.Join(common, "autostart", "heliograph.desktop")
}

// checkState fails if State does not return want.
func checkState(t *testing.T, want bool) {
	t.Helper()
	if on, err := State(); err != nil || on != want {
		t.Errorf("on is %v (%v), want %v", on, err, want)
	}
}

// newProgram writes a program that can be started.
func newProgram(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "heliograph")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOnAndOff(t *testing.T) {
	own, _ := useFolders(t)
	checkState(t, false)
	if err := Disable(); err != nil {
		t.Errorf("without an entry: %v", err)
	}
	exe := newProgram(t, t.TempDir())
	if err := Enable(exe, "run"); err != nil {
		t.Fatal(err)
	}
	checkState(t, true)
	if left, err := os.ReadDir(filepath.Dir(own)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v (%v)", left, err)
	}
	if err := os.Remove(exe); err != nil {
		t.Fatal(err)
	}
	checkState(t, false)
	if err := Disable(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(own); !os.IsNotExist(err) {
		t.Errorf("the entry is still there: %v", err)
	}
}

// TestEntryOfAPackage: the user cannot delete it, but can override it.
func TestEntryOfAPackage(t *testing.T) {
	own, common := useFolders(t)
	writeEntry(t, common, "[Desktop Entry]\nExec=/bin/true\n")
	checkState(t, true)
	if err := Disable(); err != nil {
		t.Fatal(err)
	}
	checkState(t, false)
	if raw, err := os.ReadFile(own); err != nil || !strings.Contains(string(raw), "Hidden=true") {
		t.Errorf("%q, %v", raw, err)
	}
	if err := Enable("/bin/true"); err != nil {
		t.Fatal(err)
	}
	checkState(t, true)
}

func TestDamagedEntryIsAnError(t *testing.T) {
	own, _ := useFolders(t)
	writeEntry(t, own, "\x00\x01")
	if on, err := State(); err == nil || on {
		t.Errorf("on is %v, %v", on, err)
	}
}

// TestDesktopRunsTheEntry makes GLib, with which GNOME and Xfce start programs,
// read and run the entry.
func TestDesktopRunsTheEntry(t *testing.T) {
	own, _ := useFolders(t)
	dir := filepath.Join(t.TempDir(), `$HOME "q" \b`)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	exe, out := filepath.Join(dir, "heliograph"), filepath.Join(dir, "args")
	if err := os.WriteFile(exe, []byte("#!/bin/sh\nprintf '%s|' \"$@\" >\"${0%/*}/args.new\"; mv \"${0%/*}/args.new\" \"${0%/*}/args\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Enable(exe, "run", "--config", "a b%c$d`e\\"); err != nil {
		t.Fatal(err)
	}
	script := `
import gi, os, sys, time
gi.require_version("Gio", "2.0")
from gi.repository import Gio
app = Gio.DesktopAppInfo.new_from_filename(sys.argv[1])
assert app is not None, "GLib refuses the entry"
assert app.launch([], None)
end = time.monotonic() + 20
while not os.path.exists(sys.argv[2]):
    assert time.monotonic() < end, "it was not started"
    time.sleep(.01)
`
	if exec.Command("/usr/bin/python3", "-c", "import gi").Run() != nil {
		t.Skip("python3-gi is not installed (build/install-deps base)")
	}
	if msg, err := exec.Command("/usr/bin/python3", "-c", script, own, out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != "run|--config|a b%c$d`e\\|" {
		t.Errorf("started with %q, %v", got, err)
	}
}

func writeEntry(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
