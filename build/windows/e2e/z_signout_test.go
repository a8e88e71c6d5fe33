//go:build linux

package e2e

import "testing"

// TestSignOutOfWindowsClearsPresence ends the session, and with it Wine's
// desktop: it must be the last test.
func TestSignOutOfWindowsClearsPresence(t *testing.T) {
	p := newPerson(t, "1h")
	p.signIn() // nobody can sign out after this; the prefix goes anyway
	touch(t)
	app := p.tray()
	eventually(t, "a session is set", func() bool { return len(p.emu.self().Sessions) == 1 })
	start(t, nil, "wine", "wineboot", "--end-session")
	eventually(t, "nothing is left at Microsoft", func() bool { return len(p.emu.self().Sessions) == 0 })
	if code := app.wait(); code != 0 {
		t.Logf("exit %d, as Windows ends what runs at sign-out", code)
	}
}
