//go:build unix

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAwayAndBack(t *testing.T) {
	p, _ := running(t, "2s")
	eventually(t, "idle is Away", func() bool { return p.emu.shows("Away/Away") })
	touch(t)
	eventually(t, "one motion is Available", func() bool { return p.emu.shows("Available/Available") })
}

func TestCallByAListedProgram(t *testing.T) {
	p, _ := running(t, "1h")
	rec := record(t, "zoom")
	eventually(t, "a recording by zoom is a call", func() bool { return p.emu.shows("Busy/InACall") })
	eventually(t, "the person is told once", func() bool { return toasted(t, "Zoom is in a call") })
	rec.signal(syscall.SIGTERM)
	eventually(t, "the call ends after its grace", func() bool { return p.emu.shows("Available/Available") })
}

func TestRecordersAreNoCalls(t *testing.T) {
	p, _ := running(t, "1h")
	record(t, "parecord")
	start(t, nil, "pavucontrol")
	eventually(t, "both record", func() bool {
		out, err := exec.Command("pactl", "list", "source-outputs").Output()
		return err == nil && strings.Contains(string(out), "parecord") && strings.Contains(string(out), "pavucontrol")
	})
	during(t, 2*time.Second, "colleagues see Available", func() bool { return p.emu.shows("Available/Available") })
}

func TestKilledSessionExpires(t *testing.T) {
	p, app := running(t, "1h")
	app.signal(syscall.SIGKILL)
	<-app.done
	if !p.emu.shows("Available/Available") {
		t.Fatalf("colleagues see %+v", p.emu.self().Shown)
	}
	p.emu.post("advance", `{"by":"10m"}`)
	if !p.emu.shows("Offline/Offline") {
		t.Errorf("ten minutes after a kill colleagues see %+v", p.emu.self().Shown)
	}
	again := p.command("run")
	eventually(t, "the next start takes over", func() bool { return p.emu.shows("Available/Available") })
	again.signal(syscall.SIGTERM)
	again.wait()
}

func TestQuitClearsTheSession(t *testing.T) {
	p, app := running(t, "1h")
	app.signal(syscall.SIGTERM)
	if code := app.wait(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if n := len(p.emu.self().Sessions); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

func TestSecondLaunchShowsTheFirst(t *testing.T) {
	p, _ := running(t, "1h")
	if code := p.command("run").wait(); code != 0 {
		t.Errorf("exit %d", code)
	}
	eventually(t, "the first one shows itself", func() bool { return toasted(t, "heliograph is running") })
}

func TestStatusAndChoiceByCommand(t *testing.T) {
	p, _ := running(t, "1h")
	if code := p.command("set", "dnd", "--for", "1h").wait(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	eventually(t, "colleagues see Do not disturb", func() bool { return p.emu.shows("DoNotDisturb/DoNotDisturb") })
	c := p.command("status", "--json")
	c.wait()
	var s struct {
		Choice struct{ Status string }
		Reason struct{ Rule string }
		Sent   struct{ Availability string }
	}
	if err := json.Unmarshal([]byte(c.output()), &s); err != nil || s.Choice.Status != "dnd" || s.Reason.Rule != "choice" || s.Sent.Availability != "Available" {
		t.Errorf("%v: %s", err, c.output())
	}
	p.command("auto").wait()
	eventually(t, "colleagues see Available", func() bool { return p.emu.shows("Available/Available") })
}

func TestTimedChoiceSurvivesAKill(t *testing.T) {
	p, app := running(t, "1h")
	p.command("set", "busy", "--for", "1h").wait()
	eventually(t, "colleagues see Busy", func() bool { return p.emu.shows("Busy/Busy") })
	app.signal(syscall.SIGKILL)
	<-app.done
	p.command("run")
	eventually(t, "the choice is back", func() bool {
		c := p.command("status", "--json")
		c.wait()
		return strings.Contains(c.output(), `"busy"`) && p.emu.shows("Busy/Busy")
	})
}

func TestPanelRestart(t *testing.T) {
	_, app := running(t, "1h")
	desk := newPanel(t)
	there := func() bool { return desk.item(app.cmd.Process.Pid) != "" }
	eventually(t, "the icon is on the panel", there)
	pid, err := strconv.Atoi(os.Getenv("DESK_PID_PANEL"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the panel is gone", func() bool { return !there() })
	start(t, nil, "xfce4-panel", "--disable-wm-check")
	eventually(t, "the icon is back", there)
}

func TestLogoutLeavesNothingInTheKeyring(t *testing.T) {
	p := newPerson(t, "1h")
	p.login()
	if !keyringHolds(t) {
		t.Fatal("the sign-in is not in the keyring")
	}
	if code := p.command("logout").wait(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if keyringHolds(t) {
		t.Error("items are left in the keyring")
	}
}

func keyringHolds(t *testing.T) bool {
	t.Helper()
	out, err := exec.Command("secret-tool", "search", "--all", "service", "heliograph").CombinedOutput()
	if err != nil && len(out) > 0 {
		t.Fatalf("secret-tool: %v: %s", err, out)
	}
	return strings.Contains(string(out), "heliograph")
}

func TestKeyringWords(t *testing.T) {
	lock := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login")
	if out, err := lock.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := newPerson(t, "1h")
	app := p.command("run")
	eventually(t, "a locked keyring is called locked", func() bool { return strings.Contains(p.log(), "The keyring is locked") })
	app.signal(syscall.SIGTERM)
	app.wait()
	pid, err := strconv.Atoi(os.Getenv("DESK_PID_KEYRING"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { startKeyring(t) })
	p.command("run")
	eventually(t, "a missing keyring is called missing", func() bool { return strings.Contains(p.log(), "There is no keyring service") })
}

// startKeyring gives the desktop a keyring again, unlocked as before, for the
// tests that follow; it ends with the session bus.
func startKeyring(t *testing.T) {
	t.Helper()
	password, err := os.Open(filepath.Join(os.Getenv("DESK_DIR"), "password"))
	if err != nil {
		t.Fatal(err)
	}
	defer password.Close()
	c := exec.Command("gnome-keyring-daemon", "--daemonize", "--unlock", "--components=secrets", "--control-directory="+filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "keyring"))
	c.Stdin = password
	if err := c.Run(); err != nil {
		t.Fatalf("the keyring does not start again: %v", err)
	}
	eventually(t, "the keyring is back", func() bool {
		return exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.DBus.Peer.Ping").Run() == nil
	})
}

func TestDemo(t *testing.T) {
	for name, env := range map[string][]string{
		"with_desktop":    nil,
		"without_desktop": {"DISPLAY=", "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR=", "PULSE_SERVER="},
	} {
		t.Run(name, func(t *testing.T) {
			touch(t)
			p := start(t, env, binary, "demo", "--for", "3s")
			if code := p.wait(); code != 0 {
				t.Errorf("exit %d", code)
			}
			out := p.output()
			want := []string{"http://127.0.0.1:", "a colleague sees: Available", "Session cleared; a colleague sees Offline."}
			if env != nil {
				want = []string{"tray is not available", "idle is not available: ", "there is no display (DISPLAY is not set)", "microphone is not available", "Session cleared"}
			}
			for _, w := range want {
				if !strings.Contains(out, w) {
					t.Errorf("the demo does not say %q:\n%s", w, out)
				}
			}
			if strings.Contains(out, "\x1b[") {
				t.Error("colours in a pipe")
			}
		})
	}
}

// toasted reports whether the desktop has shown a notice with this title.
func toasted(t *testing.T, title string) bool {
	t.Helper()
	_ = exec.Command("dunstctl", "close-all").Run() // what is shown joins the history
	out, err := exec.Command("dunstctl", "history").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(out), title)
}
