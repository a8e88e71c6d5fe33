//go:build unix

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/tray/words"
)

// service is a part of the desktop that a test kills and starts again.
type service struct {
	part    string // its name in build/desktop
	command []string
	now     *lab.Process // nil: still the one that build/desktop has started
}

// again kills the service and starts it anew, without waiting for it.
func (s *service) again(t *testing.T) {
	t.Helper()
	if s.now == nil {
		killPart(t, s.part)
	} else {
		s.now.Kill()
	}
	s.now = lab.Start(t, nil, s.command[0], s.command[1:]...)
}

// services are those that heliograph holds a connection to, or uses now and then.
func services(t *testing.T) map[string]*service {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("test"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := os.Getenv("XDG_RUNTIME_DIR")
	return map[string]*service{
		"notifications": {part: "DUNST", command: []string{"dunst", "-config", "../desktop.d/dunstrc"}},
		"keyring": {part: "KEYRING", command: []string{"sh", "-c", `exec gnome-keyring-daemon --foreground --unlock --components=secrets --control-directory="$1" <"$2"`,
			"sh", filepath.Join(run, "keyring"), password}},
		"sound": {part: "PULSE", command: []string{"sh", "-c", `rm -f "$1"; exec pipewire-pulse`, "sh", filepath.Join(run, "pulse", "native")}},
	}
}

// keyringAnswers reports whether the keyring has the sign-in.
func keyringAnswers() bool {
	out, err := exec.Command("secret-tool", "search", "--all", "service", "heliograph").CombinedOutput()
	return err == nil && strings.Contains(string(out), "heliograph")
}

// TestServicesRestartAHundredTimes: the notification daemon, the keyring and the
// sound server are killed and back a hundred times. Afterwards heliograph uses each
// of them, and holds no more than before and than a fresh process.
func TestServicesRestartAHundredTimes(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-l")
	p, first := running(t, "1h")
	p.Do("set", "busy")
	wait.Until(t, "Busy is set", func() bool { return p.Emu.Shows("Busy/Busy") })
	p.Command("run").Wait() // shows a toast, over a connection that stays
	fresh := endWithStacks(t, first)
	app := p.Command("run")
	wait.Until(t, "the sign-in is restored", func() bool { return p.Command("status").Wait() == 0 })
	all := services(t)
	var before usage
	began := time.Now()
	for n := range 100 {
		if n == 10 {
			before = usageOf(t, app)
		}
		for _, s := range all {
			s.again(t)
		}
		if n%10 == 0 {
			p.Command("run").Wait() // the first one shows a toast, or cannot
		}
		wait.Until(t, "the keyring is back", keyringAnswers)
	}
	t.Logf("a hundred restarts took %v", time.Since(began).Round(time.Millisecond))
	p.Do("set", "auto")
	recorder := record(t, "zoom")
	wait.Until(t, "a call is seen", func() bool { return p.Emu.Shows("Busy/InACall") })
	recorder.Stop()
	toasts := &notices{t: t} // of the last notification daemon, which has shown none before
	wait.Until(t, "a toast is shown", func() bool {
		p.Command("run").Wait() // the first one shows it, unless it has just shown the same
		return toasts.count(words.Say("toast.running")) > 0
	})
	checkGrowth(t, app, before)
	checkGoroutines(t, app, fresh)
	p.Command("run")
	wait.Until(t, "the sign-in is restored from the keyring", func() bool { return p.Command("status").Wait() == 0 })
	if log := logOf(p); strings.Count(log, "\n") > 2000 {
		t.Errorf("the log has %d lines", strings.Count(log, "\n"))
	}
}

// TestKeyringRestartsInTheMiddle: the keyring ends and comes back while Busy is
// chosen. Nothing that colleagues see changes, and the next start knows that
// Busy is its own.
func TestKeyringRestartsInTheMiddle(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-n", "audio")
	p, app := running(t, "1h")
	p.Do("set", "busy")
	wait.Until(t, "Busy is set", func() bool { return p.Emu.Shows("Busy/Busy") })
	keyring := services(t)["keyring"]
	killPart(t, "KEYRING")
	p.Command("status").Wait()
	wait.During(t, 2*time.Second, "Busy is still shown", func() bool { return p.Emu.Shows("Busy/Busy") })
	keyring.now = lab.Start(t, nil, keyring.command[0], keyring.command[1:]...)
	wait.Until(t, "the keyring is back", keyringAnswers)
	p.Do("set", "dnd")
	wait.Until(t, "Do not disturb is set", func() bool { return p.Emu.Shows("DoNotDisturb/DoNotDisturb") })
	keyring.again(t)
	app.Signal(syscall.SIGKILL)
	app.Wait()
	wait.Until(t, "the keyring is back", keyringAnswers)
	p.Command("run")
	wait.Until(t, "the next one runs", func() bool {
		c := p.Command("status") // which fails until the sign-in is restored
		return c.Wait() == 0 && strings.Contains(c.Output(), "Do not disturb") && !strings.Contains(c.Output(), "Teams")
	})
	p.Do("auto")
	wait.Until(t, "what was chosen before the restart is cleared", func() bool { return p.Emu.Shows("Available/Available") })
	if u := p.Emu.Self(); u.Preferred != nil {
		t.Errorf("left behind: %+v", u.Preferred)
	}
}
