//go:build unix

package e2e

import (
	"regexp"
	"strings"
	"syscall"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// TestQuitSaysWhatItCouldNotClear has Graph refuse everything while Busy and a
// status message are set: quit names what colleagues still see, and until when.
func TestQuitSaysWhatItCouldNotClear(t *testing.T) {
	p, app := running(t, "1h")
	if c := p.Command("set", "busy", "--message", "Writing the report"); c.Wait() != 0 {
		t.Fatalf("set: %s", c.Output())
	}
	wait.Until(t, "Busy and the message are set", func() bool {
		u := p.Emu.Self()
		return u.Preferred != nil && u.Shown.Availability == "Busy" && u.StatusMessage != nil
	})
	p.Emu.Post("faults", `{"status":503}`)
	c := p.Command("quit")
	code := c.Wait()
	want := regexp.MustCompile(`could not clear; Busy until .*\d\d:\d\d and your status message until .*\d\d:\d\d at the latest`)
	if code != 1 || !want.MatchString(c.Output()) {
		t.Errorf("quit: exit %d: %s", code, c.Output())
	}
	if strings.Contains(c.Output(), "Writing") {
		t.Errorf("quit prints the message itself: %s", c.Output())
	}
	if app.Wait() != 0 {
		t.Errorf("run: %s", app.Output())
	}
	if u := p.Emu.Self(); u.Preferred == nil {
		t.Error("the emulator cleared the presence although it answered 503")
	}
}

// TestQuitAndStartAgain starts the next heliograph right after each quit, ten
// times: each one gets the socket, and each quit clears.
func TestQuitAndStartAgain(t *testing.T) {
	p, app := running(t, "1h")
	for range 10 {
		if c := p.Command("quit"); c.Wait() != 0 || !strings.Contains(c.Output(), "is cleared") {
			t.Fatalf("quit: %s", c.Output())
		}
		if n := len(p.Emu.Self().Sessions); n != 0 {
			t.Fatalf("quit left %d sessions", n)
		}
		next := p.Command("run")
		if app.Wait() != 0 {
			t.Errorf("run: %s", app.Output())
		}
		app = next
		touch(t)
		wait.Until(t, "the next one runs and sets a session", func() bool { return len(p.Emu.Self().Sessions) == 1 })
	}
}

// TestStartDuringQuit starts heliograph while the former one still waits for
// Microsoft: it runs as soon as that one has quit.
func TestStartDuringQuit(t *testing.T) {
	p, app := running(t, "1h")
	p.Emu.Post("faults", `{"delay":"30s","path":"/clearPresence"}`)
	quit := p.Command("quit")
	wait.Until(t, "it quits", func() bool { return strings.Contains(logOf(p), "msg=quitting\n") })
	next := p.Command("run")
	quit.Wait()
	if app.Wait() != 0 {
		t.Errorf("run: %s", app.Output())
	}
	wait.Until(t, "the next one runs", func() bool { return next.Ended() || p.Command("status").Wait() == 0 })
	if next.Ended() {
		t.Errorf("run: exit %d: %s", next.Wait(), next.Output())
	}
}

// TestStoppedInstanceIsNamed asks an instance that is stopped, as by a debugger.
func TestStoppedInstanceIsNamed(t *testing.T) {
	p, app := running(t, "1h")
	app.Signal(syscall.SIGSTOP)
	defer app.Signal(syscall.SIGCONT)
	var asked []*lab.Process
	for _, args := range [][]string{{"status"}, {"status", "--follow"}, {"quit"}} {
		asked = append(asked, p.Command(args...))
	}
	for _, c := range asked {
		endsWithin(t, c, commandWithin)
		if code := c.Wait(); code != 1 || !strings.Contains(c.Output(), "does not answer: end its process") {
			t.Errorf("exit %d: %s", code, c.Output())
		}
	}
}
