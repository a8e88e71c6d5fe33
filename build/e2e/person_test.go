//go:build unix

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// newPerson has settings, folders and an emulator of their own.
func newPerson(t testing.TB, awayAfter string) *lab.Person {
	t.Helper()
	return lab.NewPerson(t, lab.Build{Native: binary, Command: []string{binary}}, lab.Settings{AwayAfter: awayAfter, Grace: "1s"})
}

// running returns a signed-in person's heliograph that has set a session.
func running(t testing.TB, awayAfter string) (*lab.Person, *lab.Process) {
	t.Helper()
	p := newPerson(t, awayAfter)
	p.Login()
	touch(t)
	app := p.Command("run")
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) == 1 })
	return p, app
}

// logOf returns what the person's heliograph has logged.
func logOf(p *lab.Person) string {
	raw, err := os.ReadFile(filepath.Join(p.Dir, "heliograph", "heliograph.log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error()
	}
	return string(raw)
}

// touch moves the pointer, as a hand would.
func touch(t testing.TB) {
	t.Helper()
	n := int(time.Now().UnixMilli())
	if out, err := exec.Command("xdotool", "mousemove", strconv.Itoa(200+n%300), strconv.Itoa(200+n/7%300)).CombinedOutput(); err != nil {
		t.Fatalf("xdotool: %v: %s", err, out)
	}
}

// record starts the recorder under the name of another program.
func record(t testing.TB, name string) *lab.Process {
	t.Helper()
	return lab.Start(t, nil, recorderNamed(t, t.TempDir(), name), "--record", "/dev/null")
}

// recorderNamed copies PulseAudio's recorder into a folder.
func recorderNamed(t testing.TB, dir, name string) string {
	t.Helper()
	real, err := exec.LookPath("pacat")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, raw, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
