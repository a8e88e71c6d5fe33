package autostart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows/registry"
)

// checkState fails if State does not return want.
func checkState(t *testing.T, want bool) {
	t.Helper()
	if on, err := State(); err != nil || on != want {
		t.Errorf("on is %v (%v), want %v", on, err, want)
	}
}

// restoreRun restores the present entry at the end of the test.
func restoreRun(t *testing.T) {
	before, err := readRun()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Disable(); err != nil {
			t.Error(err)
		}
		if before == "" {
			return
		}
		k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		if err := k.SetStringValue(name, before); err != nil {
			t.Error(err)
		}
	})
}

// TestRunKey changes the real registry, of a Wine prefix or of the user, and
// restores what was there.
func TestRunKey(t *testing.T) {
	restoreRun(t)
	if err := Disable(); err != nil {
		t.Fatal(err)
	}
	checkState(t, false)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := Enable(exe, "run", "a b"); err != nil {
		t.Fatal(err)
	}
	checkState(t, true)
	if got, err := readRun(); err != nil || got != exe+` run "a b"` {
		t.Errorf("command %q, %v", got, err)
	}
	for choice, on := range map[byte]bool{2: true, 3: false, 6: true, 7: false} {
		k, _, err := registry.CreateKey(registry.CURRENT_USER, approvedKey, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.SetBinaryValue(name, []byte{choice, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
		k.Close()
		checkState(t, on)
	}
	// Enabling it later overrides what was chosen in Task Manager.
	if err := Enable(exe); err != nil {
		t.Fatal(err)
	}
	checkState(t, true)
	// Enabled from a shell, it starts the program without a console.
	program := filepath.Join(t.TempDir(), "heliograph.exe")
	if err := os.WriteFile(program, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Enable(strings.TrimSuffix(program, ".exe") + ".com"); err != nil {
		t.Fatal(err)
	}
	if got, err := readRun(); err != nil || got != program {
		t.Errorf("command %q, %v", got, err)
	}
	if err := Enable(`C:\gone\heliograph.exe`); err != nil {
		t.Fatal(err)
	}
	checkState(t, false)
}

// TestCommandsThatAreTooLong: Windows ignores them, so that one is refused, and
// the entry stays as it was.
func TestCommandsThatAreTooLong(t *testing.T) {
	restoreRun(t)
	longest := `C:\` + strings.Repeat("a", maxCommand-len(`C:\.exe run`)) + ".exe"
	if err := Enable(longest, "run"); err != nil {
		t.Fatal(err)
	}
	before, err := readRun()
	if err != nil || len(before) != maxCommand {
		t.Fatalf("%d characters, %v", len(before), err)
	}
	for _, args := range [][]string{{"run", "x"}, {"run", strings.Repeat("😀", 200)}} {
		if err := Enable(longest, args...); err == nil || !strings.Contains(err.Error(), "shorter path") {
			t.Errorf("got %v", err)
		}
	}
	if got, err := readRun(); err != nil || got != before {
		t.Errorf("the entry is %q now, %v", got, err)
	}
}
