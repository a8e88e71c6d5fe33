package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"heliograph/graph/emu"
)

// Build is the heliograph that a suite has built.
type Build struct {
	Native  string   // a program for this system, which serves the emulator
	Command []string // runs the program under test: its path, or wine and its path
	// Path is a file's path as the program under test knows it; nil: unchanged.
	Path func(string) string
}

// Person has an emulator, settings and folders of their own, so that tests do
// not affect each other.
type Person struct {
	Emu    *Emulator
	Config string   // path of the settings file
	Dir    string   // the folder for state and log
	Env    []string // for every command of this person

	t     testing.TB
	build Build
}

// Settings are those of a person. Their times are short: a test that waits for
// a minute shows no more than one that waits for a second.
type Settings struct {
	AwayAfter string // as in "1h"
	Grace     string // how long a call goes on after its recording
}

const settingsFile = `[automatic]
away_after = %q
[calls]
debounce = "0s"
grace = %q
[account]
client_id = %q
tenant = %q
emulator = %q
`

// Text returns a settings file with an account at an emulator.
func (s Settings) Text(e *Emulator) string {
	return fmt.Sprintf(settingsFile, s.AwayAfter, s.Grace, emu.AppID, emu.TenantDomain, e.URL)
}

// NewPerson writes the settings and starts the emulator.
func NewPerson(t testing.TB, b Build, s Settings) *Person {
	t.Helper()
	p := &Person{Emu: StartEmulator(t, b.Native), Dir: t.TempDir(), t: t, build: b}
	p.Config = filepath.Join(p.Dir, "config.toml")
	if err := os.WriteFile(p.Config, []byte(s.Text(p.Emu)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Env = []string{"XDG_STATE_HOME=" + p.path(p.Dir), "XDG_RUNTIME_DIR=" + p.path(runtimeDir(t))}
	return p
}

// runtimeDir returns a folder for sockets, whose paths may have 107 bytes at
// most.
func runtimeDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // what is left is in the temporary folder
	return dir
}

func (p *Person) path(path string) string {
	if p.build.Path == nil {
		return path
	}
	return p.build.Path(path)
}

// Command starts the program with the person's settings.
func (p *Person) Command(args ...string) *Process {
	p.t.Helper()
	line := append(append([]string{}, p.build.Command...), args...)
	line = append(line, "--config", p.path(p.Config))
	return Start(p.t, p.Env, line[0], line[1:]...)
}

// Do runs a command to its end and returns what it printed; the test fails
// unless it exits with 0.
func (p *Person) Do(args ...string) string {
	p.t.Helper()
	c := p.Command(args...)
	if code := c.Wait(); code != 0 {
		p.t.Fatalf("%q: exit %d:\n%s", args, code, c.Output())
	}
	return c.Output()
}

// Login signs in until the test ends.
func (p *Person) Login() {
	p.t.Helper()
	p.Do("login")
	p.t.Cleanup(func() { p.Command("logout").Wait() })
}

// Status decodes what `status --json` prints.
func (p *Person) Status(into any) {
	p.t.Helper()
	out := p.Do("status", "--json")
	if err := json.Unmarshal([]byte(out), into); err != nil {
		p.t.Fatalf("%v: %s", err, out)
	}
}
