//go:build unix

package e2e

import (
	"os"
	"strings"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// edit replaces a text in the person's settings file, as an editor does that
// writes a new file and renames it.
func edit(t *testing.T, p *lab.Person, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(p.Config)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), from, to, 1)
	if text == string(raw) {
		t.Fatalf("the settings lack %q", from)
	}
	if err := os.WriteFile(p.Config+"~", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(p.Config+"~", p.Config); err != nil {
		t.Fatal(err)
	}
}

// TestSwitchOfTheMenuIsShown: what a click has set is seen where people look
// for it, and saved.
func TestSwitchOfTheMenuIsShown(t *testing.T) {
	p, app := running(t, "1h")
	panel, name := onPanel(t, app)
	shows := func(line string) func() bool {
		return func() bool { return strings.Contains(p.Do("config", "show"), "\n"+line+"\n") }
	}
	if line := "busy_in_call = true # default"; !shows(line)() {
		t.Errorf("there is no %q", line)
	}
	panel.click(name, "Busy in a call")
	wait.Until(t, "the switch is off", func() bool { return !panel.checked(name, "Busy in a call") })
	wait.Until(t, "the switch is shown", shows("busy_in_call = false # menu"))
	app.Stop()
	if line := "busy_in_call = false # menu"; !shows(line)() {
		t.Errorf("without a running heliograph there is no %q", line)
	}
	edit(t, p, "[automatic]\n", "[automatic]\nbusy_in_call = true\n")
	again := p.Command("run")
	panel, name = onPanel(t, again)
	wait.Until(t, "the switch is off after a restart", func() bool { return !panel.checked(name, "Busy in a call") })
	panel.click(name, "Busy in a call")
	wait.Until(t, "the file counts again", shows("busy_in_call = true # file, line 2"))
}

// TestWrongEditIsReported: a notice says what is wrong, once, and the previous
// settings stay in use.
func TestWrongEditIsReported(t *testing.T) {
	p, _ := running(t, "1h")
	shown := noticesFromNow(t)
	edit(t, p, `away_after = "1h"`, "away_after = 5")
	wait.Until(t, "a notice names the line", func() bool {
		texts := shown.bodies("There's a mistake in the settings file")
		return len(texts) == 1 && strings.Contains(texts[0], "line 2: automatic.away_after: 5 has no unit")
	})
	if !p.Emu.Shows("Available/Available") {
		t.Errorf("colleagues see %+v", p.Emu.Self().Shown)
	}
	edit(t, p, "away_after = 5", `away_after = "1s"`)
	wait.Until(t, "the corrected file counts", func() bool { return p.Emu.Shows("Away/Away") })
}
