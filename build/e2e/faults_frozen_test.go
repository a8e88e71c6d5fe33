//go:build unix

package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// frozenParts stops parts of the desktop, and returns what lets them go on.
func frozenParts(t *testing.T, names ...string) (thaw func()) {
	t.Helper()
	var pids []int
	for _, name := range names {
		pids = append(pids, partPID(t, name))
	}
	send := func(s syscall.Signal) {
		for _, pid := range pids {
			if err := syscall.Kill(pid, s); err != nil {
				t.Error(err)
			}
		}
	}
	send(syscall.SIGSTOP)
	t.Cleanup(func() { send(syscall.SIGCONT) }) // before its desktop ends
	return func() { send(syscall.SIGCONT) }
}

// TestDesktopFrozenAtTheStart: what does not answer delays nothing that does not
// need it, and is used as soon as it answers. Without the X server nobody knows
// whether the person is there, but a call is seen.
func TestDesktopFrozenAtTheStart(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-l")
	p := newPerson(t, "1h")
	p.Login()
	touch(t)
	thaw := frozenParts(t, "X", "SYSTEMBUS", "LOGIND", "DUNST")
	app := p.Command("run")
	recorder := record(t, "zoom")
	wait.Until(t, "a call is seen", func() bool { return p.Emu.Shows("Busy/InACall") })
	t.Logf("a call is shown %v after the start", time.Since(app.Began).Round(10*time.Millisecond))
	recorder.Stop()
	for _, args := range [][]string{{"status"}, {"calls"}, {"doctor"}, {"set", "busy"}, {"auto"}} {
		endsWithin(t, p.Command(args...), commandWithin)
	}
	thaw()
	wait.Until(t, "every part is found", func() bool {
		out := p.Command("doctor")
		out.Wait()
		return strings.Contains(out.Output(), "x11-sync") && strings.Contains(out.Output(), "logind")
	})
	touch(t)
	wait.Until(t, "input is seen", func() bool { return p.Emu.Shows("Available/Available") })
	quit := p.Command("quit")
	endsWithin(t, quit, quitWithin)
	endsWithin(t, app, quitWithin)
}

// TestBusFrozenAtTheStart: without the session bus there is no keyring, so nobody
// is signed in; the rest works, and the sign-in is restored as soon as the bus
// answers.
func TestBusFrozenAtTheStart(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-l")
	p := newPerson(t, "1h")
	p.Login()
	touch(t)
	thaw := frozenParts(t, "BUS", "KEYRING")
	app := p.Command("run")
	wait.Until(t, "it answers", func() bool { return p.Command("calls").Wait() == 0 })
	recorder := record(t, "zoom")
	wait.Until(t, "a call is seen", func() bool {
		calls := p.Command("calls")
		return calls.Wait() == 0 && strings.Contains(calls.Output(), "Zoom  call")
	})
	recorder.Stop()
	for _, args := range [][]string{{"status"}, {"doctor"}, {"set", "busy"}, {"auto"}} {
		endsWithin(t, p.Command(args...), commandWithin)
	}
	thaw()
	began := time.Now()
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) == 1 })
	t.Logf("the session is set %v after the bus answers", time.Since(began).Round(10*time.Millisecond))
	onPanel(t, app)
	quit := p.Command("quit")
	endsWithin(t, quit, quitWithin)
	endsWithin(t, app, quitWithin)
}

// TestBusFrozenThroughout quits in time although the session bus never answered.
func TestBusFrozenThroughout(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-n", "audio")
	p := newPerson(t, "1h")
	frozenParts(t, "BUS")
	app := p.Command("run")
	wait.Until(t, "it answers", func() bool { return p.Command("calls").Wait() == 0 })
	quit := p.Command("quit")
	endsWithin(t, quit, quitWithin)
	endsWithin(t, app, quitWithin-time.Since(quit.Began))
}
