package autostart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows/registry"
)

func is(t *testing.T, want bool) {
	t.Helper()
	if on, err := State(); err != nil || on != want {
		t.Errorf("on is %v (%v), want %v", on, err, want)
	}
}

// TestRunKey works on the real registry of a prefix of Wine's, or on the
// user's: it puts back what it found.
func TestRunKey(t *testing.T) {
	was, err := readRun()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Disable(); err != nil {
			t.Error(err)
		}
		if was == "" {
			return
		}
		k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		if err := k.SetStringValue(name, was); err != nil {
			t.Error(err)
		}
	})
	if err := Disable(); err != nil {
		t.Fatal(err)
	}
	is(t, false)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := Enable(exe, "run", "a b"); err != nil {
		t.Fatal(err)
	}
	is(t, true)
	if got, err := readRun(); err != nil || got != exe+` run "a b"` {
		t.Errorf("command %q, %v", got, err)
	}
	for verdict, on := range map[byte]bool{2: true, 3: false, 6: true, 7: false} {
		k, _, err := registry.CreateKey(registry.CURRENT_USER, approvedKey, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.SetBinaryValue(name, []byte{verdict, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
		k.Close()
		is(t, on)
	}
	// What the task manager was told is overruled by what we are told later.
	if err := Enable(exe); err != nil {
		t.Fatal(err)
	}
	is(t, true)
	// Switched on from a shell, the program without a console is started.
	twin := filepath.Join(t.TempDir(), "heliograph.exe")
	if err := os.WriteFile(twin, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Enable(strings.TrimSuffix(twin, ".exe") + ".com"); err != nil {
		t.Fatal(err)
	}
	if got, err := readRun(); err != nil || got != twin {
		t.Errorf("command %q, %v", got, err)
	}
	if err := Enable(`C:\gone\heliograph.exe`); err != nil {
		t.Fatal(err)
	}
	is(t, false)
}
