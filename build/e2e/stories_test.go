//go:build unix

package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

func TestAwayAndBack(t *testing.T) {
	p, _ := running(t, "2s")
	wait.Until(t, "idle is Away", func() bool { return p.Emu.Shows("Away/Away") })
	touch(t)
	wait.Until(t, "one motion is Available", func() bool { return p.Emu.Shows("Available/Available") })
}

func TestCallByAListedProgram(t *testing.T) {
	shown := noticesFromNow(t)
	p, _ := running(t, "1h")
	rec := record(t, "zoom")
	wait.Until(t, "a recording by zoom is a call", func() bool { return p.Emu.Shows("Busy/InACall") })
	wait.Until(t, "a notice says so", func() bool { return shown.count("You're in a Zoom call") > 0 })
	rec.Stop()
	wait.Until(t, "the call ends after its grace", func() bool { return p.Emu.Shows("Available/Available") })
	if n := shown.count("You're in a Zoom call"); n != 1 {
		t.Errorf("%d notices of one call", n)
	}
}

func TestRecordersAreNotCalls(t *testing.T) {
	p, _ := running(t, "1h")
	record(t, "parecord")
	lab.Start(t, nil, "pavucontrol")
	wait.Until(t, "both record", func() bool {
		out, err := exec.Command("pactl", "list", "source-outputs").Output()
		return err == nil && strings.Contains(string(out), "parecord") && strings.Contains(string(out), "pavucontrol")
	})
	wait.During(t, 2*time.Second, "colleagues see Available", func() bool { return p.Emu.Shows("Available/Available") })
}

func TestKilledSessionExpires(t *testing.T) {
	p, app := running(t, "1h")
	app.Kill()
	if !p.Emu.Shows("Available/Available") {
		t.Fatalf("colleagues see %+v", p.Emu.Self().Shown)
	}
	p.Emu.Post("advance", `{"by":"10m"}`)
	if !p.Emu.Shows("Offline/Offline") {
		t.Errorf("ten minutes after a kill colleagues see %+v", p.Emu.Self().Shown)
	}
	p.Command("run")
	wait.Until(t, "the next start takes over", func() bool { return p.Emu.Shows("Available/Available") })
}

// TestLogoutClearsWhatAKillLeft: without a running instance, logout knows from the
// ledger what is to be cleared.
func TestLogoutClearsWhatAKillLeft(t *testing.T) {
	p, app := running(t, "1h")
	p.Do("set", "dnd", "--message", "Writing")
	wait.Until(t, "choice and message are set", func() bool {
		u := p.Emu.Self()
		return u.Preferred != nil && u.StatusMessage != nil
	})
	app.Kill()
	p.Do("logout")
	if u := p.Emu.Self(); u.Preferred != nil || u.StatusMessage != nil || len(u.Sessions) != 0 {
		t.Errorf("logout left %+v", u)
	}
}

func TestQuitClearsTheSession(t *testing.T) {
	p, app := running(t, "1h")
	if code := app.Stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if n := len(p.Emu.Self().Sessions); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

func TestSecondLaunchShowsTheFirst(t *testing.T) {
	p, _ := running(t, "1h")
	shown := noticesFromNow(t)
	p.Do("run")
	wait.Until(t, "the first one says that it runs", func() bool { return shown.count("heliograph is already running") == 1 })
}

func TestStatusAndChoiceByCommand(t *testing.T) {
	p, _ := running(t, "1h")
	p.Do("set", "dnd", "--for", "1h")
	wait.Until(t, "colleagues see Do not disturb", func() bool { return p.Emu.Shows("DoNotDisturb/DoNotDisturb") })
	var s struct {
		Choice struct{ Status string }
		Reason struct{ Rule string }
		Sent   struct{ Availability string }
	}
	p.Status(&s)
	if s.Choice.Status != "dnd" || s.Reason.Rule != "choice" || s.Sent.Availability != "Available" {
		t.Errorf("%+v", s)
	}
	p.Do("auto")
	wait.Until(t, "colleagues see Available", func() bool { return p.Emu.Shows("Available/Available") })
}

func TestTimedChoiceSurvivesAKill(t *testing.T) {
	p, app := running(t, "1h")
	p.Do("set", "busy", "--for", "1h")
	wait.Until(t, "colleagues see Busy", func() bool { return p.Emu.Shows("Busy/Busy") })
	app.Kill()
	p.Command("run")
	wait.Until(t, "the choice is back", func() bool {
		c := p.Command("status", "--json") // it fails until the program listens
		return c.Wait() == 0 && strings.Contains(c.Output(), `"busy"`) && p.Emu.Shows("Busy/Busy")
	})
}

// TestPanelRestart kills the panel, and so has its own desktop.
func TestPanelRestart(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-n", "audio")
	_, app := running(t, "1h")
	panel := newPanel(t)
	there := func() bool { return panel.item(app.PID()) != "" }
	wait.Until(t, "the icon is on the panel", there)
	killPart(t, "PANEL")
	wait.Until(t, "the panel is gone", func() bool { return !there() })
	lab.Start(t, nil, "xfce4-panel", "--disable-wm-check")
	wait.Until(t, "the icon is back", there)
}

func TestDemo(t *testing.T) {
	for name, env := range map[string][]string{
		"with_desktop":    nil,
		"without_desktop": {"DISPLAY=", "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR=", "PULSE_SERVER="},
	} {
		t.Run(name, func(t *testing.T) {
			touch(t)
			p := lab.Start(t, env, binary, "demo", "--for", "3s")
			if code := p.Wait(); code != 0 {
				t.Errorf("exit %d", code)
			}
			out := p.Output()
			want := []string{"http://127.0.0.1:", "colleagues see: Available", "Session cleared. Colleagues see Offline."}
			if env != nil {
				want = []string{"Tray icon: not available", "Activity: not available (", "there is no display (DISPLAY is not set)", "Microphone: not available", "Session cleared"}
			}
			for _, w := range want {
				if !strings.Contains(out, w) {
					t.Errorf("the demo does not print %q:\n%s", w, out)
				}
			}
			if strings.Contains(out, "\x1b[") {
				t.Error("colours in a pipe")
			}
		})
	}
}
