//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStartedByExplorer starts the program as a person and Windows do, from a
// process named explorer.exe and with the settings where Windows keeps them.
// cobra ends such a program before it does anything, unless told not to; one
// that has set a session is past that.
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
			program := windows(filepath.Join(built, "heliograph-amd64.exe"))
			app := start(t, p.env, "wine", append([]string{explorer, program}, c.args...)...)
			t.Cleanup(func() {
				if !app.ended() { // killing the parent would leave heliograph running
					p.command("quit").wait()
				}
			})
			eventually(t, "a session is set, or heliograph ended", func() bool {
				return len(p.emu.self().Sessions) == 1 || app.ended()
			})
			if app.ended() {
				t.Fatalf("heliograph ended: exit %d", app.wait())
			}
			if s := p.command("status"); s.wait() != 0 || !strings.Contains(s.output(), "Available: you are at the desk") {
				t.Errorf("status: exit %d: %s", s.wait(), s.output())
			}
			if q := p.command("quit"); q.wait() != 0 {
				t.Errorf("quit: exit %d: %s", q.wait(), q.output())
			}
			if code := app.wait(); code != 0 {
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
	raw, err := os.ReadFile(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	dir := profile(p.t, "..", "Roaming", "heliograph")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = os.RemoveAll(dir) }) // the prefix goes anyway
	p.config = filepath.Join(dir, "config.toml")
	if err := os.WriteFile(p.config, raw, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
