//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heliograph/build/wait"
)

// TestStartedByExplorer starts the program as a person and Windows do: from a
// process named explorer.exe, with the settings where Windows keeps them. By
// default cobra ends such a program before it does anything; one that has set a
// session is past that point.
func TestStartedByExplorer(t *testing.T) {
	explorer := buildExplorer(t)
	for _, c := range []struct {
		name string
		args []string
	}{
		{"Start menu and Run key", []string{"run"}},
		{"double click", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPerson(t, "1h")
			p.useDefaultConfig()
			p.login()
			touch(t)
			program := windows(filepath.Join(built, trayProgram))
			app := start(t, p.Env, "wine", append([]string{explorer, program}, c.args...)...)
			t.Cleanup(func() {
				if !app.Ended() { // the end of the parent would leave heliograph running
					p.Command("quit").Wait()
				}
			})
			wait.Until(t, "a session is set, or heliograph ended", func() bool {
				return len(p.Emu.Self().Sessions) == 1 || app.Ended()
			})
			if app.Ended() {
				t.Fatalf("heliograph ended: exit %d", app.Wait())
			}
			if s := p.Command("status"); s.Wait() != 0 || !strings.Contains(s.Output(), "Available: you're at your computer") {
				t.Errorf("status: exit %d: %s", s.Wait(), s.Output())
			}
			if q := p.Command("quit"); q.Wait() != 0 {
				t.Errorf("quit: exit %d: %s", q.Wait(), q.Output())
			}
			if code := app.Wait(); code != 0 {
				t.Errorf("after quitting: exit %d", code)
			}
		})
	}
}

// buildExplorer makes the stand-in for Explorer. It has no console, since
// heliograph would use its parent's.
func buildExplorer(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "explorer.exe")
	cmd := exec.Command("go", "build", "-ldflags", "-H=windowsgui", "-o", file, "./explorer")
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

// useDefaultConfig moves the settings to where the program looks without
// --config, until the test ends.
func (p *person) useDefaultConfig() {
	p.t.Helper()
	raw, err := os.ReadFile(p.Config)
	if err != nil {
		p.t.Fatal(err)
	}
	dir := profile(p.t, "..", "Roaming", "heliograph")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = os.RemoveAll(dir) }) // the prefix goes anyway
	p.Config = filepath.Join(dir, "config.toml")
	if err := os.WriteFile(p.Config, raw, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
