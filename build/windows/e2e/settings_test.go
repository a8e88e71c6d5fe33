//go:build linux

package e2e

import (
	"os"
	"strings"
	"testing"

	"heliograph/build/wait"
)

// TestSettingsChangeWhileRunning edits the file as Notepad does, in place and
// with the line ends of Windows.
func TestSettingsChangeWhileRunning(t *testing.T) {
	p, _ := running(t, "1h")
	raw, err := os.ReadFile(p.Config)
	if err != nil {
		t.Fatal(err)
	}
	save := func(automatic string) {
		t.Helper()
		text := strings.Replace(string(raw), "[automatic]\n", "[automatic]\n"+automatic, 1)
		if err := os.WriteFile(p.Config, []byte("\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hours := "work_days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\nwork_from = \"00:00\"\nwork_to = \"00:01\"\n"
	save(hours)
	wait.Until(t, "outside working hours Teams is left alone", func() bool { return p.Emu.Shows("Offline/Offline") })
	save(hours + "busy_in_call = \"no\"\n")
	wait.Until(t, "a mistake is reported", func() bool {
		return strings.Contains(p.Do("status"), "mistake in the settings file, line 5")
	})
	if c := p.Command("config", "show"); c.Wait() != 2 || !strings.Contains(c.Output(), "work_to = '00:01' # last good file, line 4") {
		t.Errorf("exit %d: %s", c.Wait(), c.Output())
	}
	save("")
	wait.Until(t, "heliograph works again", func() bool { return p.Emu.Shows("Available/Available") })
}
