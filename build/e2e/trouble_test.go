//go:build unix

package e2e

import (
	"strings"
	"testing"

	"heliograph/build/wait"
)

// TestShortTroubleEndsNoSignIn: Graph refuses every token for a moment, and a
// proxy answers in place of Entra when heliograph asks for the next one.
func TestShortTroubleEndsNoSignIn(t *testing.T) {
	p, app := running(t, "1h")
	p.Emu.Post("faults", `{"path":"/v1.0/*/*/*/*","status":401,"for":"3s"}`)
	p.Emu.Post("faults", `{"path":"/oauth2/v2.0/token","page":true,"status":403,"times":1}`)
	p.Do("set", "dnd")
	wait.Until(t, "Do not disturb is set nevertheless", func() bool { return p.Emu.Shows("DoNotDisturb/DoNotDisturb") })
	if log := logOf(p); !strings.Contains(log, "sign-in server answers 403") {
		t.Errorf("the proxy's answer is not in the log:\n%s", log)
	}
	p.Do("quit")
	app.Wait()
	if u := p.Emu.Self(); u.Preferred != nil || len(u.Sessions) != 0 {
		t.Errorf("quit left %+v", u)
	}
}

// TestRefusedSwitchIsCleared: Busy is set, Do not disturb is refused, and the
// person goes back to Automatic.
func TestRefusedSwitchIsCleared(t *testing.T) {
	p, _ := running(t, "1h")
	p.Do("set", "busy")
	wait.Until(t, "Busy is set", func() bool { return p.Emu.Shows("Busy/Busy") })
	p.Emu.Post("faults", `{"path":"/setUserPreferredPresence","status":403}`)
	p.Do("set", "dnd")
	wait.Until(t, "the switch is refused", func() bool { return strings.Contains(logOf(p), "Microsoft refuses") })
	p.Do("auto")
	wait.Until(t, "Busy is cleared", func() bool { return p.Emu.Shows("Available/Available") })
	if u := p.Emu.Self(); u.Preferred != nil {
		t.Errorf("left behind: %+v", u.Preferred)
	}
}
