//go:build linux

package e2e

import (
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// TestSignOutOfWindowsClearsPresence ends the session of Windows, and so has its
// own Wine.
func TestSignOutOfWindowsClearsPresence(t *testing.T) {
	lab.Surroundings(t, "../../wine")
	p := newPerson(t, "1h")
	p.signIn() // nobody can sign out after this; the prefix is removed anyway
	touch(t)
	app := p.tray()
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) == 1 })
	start(t, nil, "wine", "wineboot", "--end-session")
	wait.Until(t, "nothing is left at Microsoft", func() bool { return len(p.Emu.Self().Sessions) == 0 })
	if code := app.Wait(); code != 0 {
		t.Logf("exit %d: Windows ends what runs at sign-out", code)
	}
}
