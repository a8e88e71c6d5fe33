//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestShortTroubleEndsNoSignIn: Graph accepts no token for a moment, and a
// proxy answers instead of Entra when heliograph asks for the next one.
func TestShortTroubleEndsNoSignIn(t *testing.T) {
	p, app := running(t, "1h")
	p.emu.post("faults", `{"path":"/v1.0/*/*/*/*","status":401,"for":"3s"}`)
	p.emu.post("faults", `{"path":"/oauth2/v2.0/token","page":true,"status":403,"times":1}`)
	if c := p.command("set", "dnd"); c.wait() != 0 {
		t.Fatalf("set: %s", c.output())
	}
	eventually(t, "Do not disturb is set all the same", func() bool { return p.emu.shows("DoNotDisturb/DoNotDisturb") })
	if log := p.log(); !strings.Contains(log, "sign-in server answers 403") {
		t.Errorf("the proxy's answer was never met:\n%s", log)
	}
	if c := p.command("quit"); c.wait() != 0 {
		t.Errorf("quit: %s", c.output())
	}
	app.wait()
	if u := p.emu.self(); u.Preferred != nil || len(u.Sessions) != 0 {
		t.Errorf("quit left %+v", u)
	}
}

// TestRefusedSwitchIsCleared: Busy stands, Do not disturb is refused, and the
// person goes back to Automatic.
func TestRefusedSwitchIsCleared(t *testing.T) {
	p, _ := running(t, "1h")
	choose := func(args ...string) {
		t.Helper()
		if c := p.command(args...); c.wait() != 0 {
			t.Fatalf("%v: %s", args, c.output())
		}
	}
	choose("set", "busy")
	eventually(t, "Busy is set", func() bool { return p.emu.shows("Busy/Busy") })
	p.emu.post("faults", `{"path":"/setUserPreferredPresence","status":403}`)
	choose("set", "dnd")
	eventually(t, "the switch is refused", func() bool { return strings.Contains(p.log(), "Microsoft refuses") })
	choose("auto")
	eventually(t, "Busy is cleared", func() bool { return p.emu.shows("Available/Available") })
	if u := p.emu.self(); u.Preferred != nil {
		t.Errorf("left behind: %+v", u.Preferred)
	}
}
