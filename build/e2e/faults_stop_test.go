//go:build unix

package e2e

import (
	"syscall"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// stopped is how long TestStoppedAndContinued stops the program: longer than the
// deadlines of its calls on this computer.
const stopped = 6 * time.Second

// TestStoppedAndContinued stops the running program as a suspend does, while a
// call begins. Afterwards it sees the call and its end, and quits in time.
func TestStoppedAndContinued(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-l")
	p, app := running(t, "1h")
	before := usageOf(t, app)
	app.Signal(syscall.SIGSTOP)
	recorder := record(t, "zoom")
	asked := len(p.Emu.Requests())
	wait.During(t, stopped, "nothing is asked", func() bool { return len(p.Emu.Requests()) == asked })
	began := time.Now()
	app.Signal(syscall.SIGCONT)
	wait.Until(t, "the call is seen", func() bool { return p.Emu.Shows("Busy/InACall") })
	t.Logf("a call is shown %v after the program goes on", time.Since(began).Round(10*time.Millisecond))
	recorder.Stop()
	wait.Until(t, "its end is seen", func() bool { return p.Emu.Shows("Available/Available") })
	for range 20 { // short ones
		app.Signal(syscall.SIGSTOP)
		app.Signal(syscall.SIGCONT)
	}
	checkGrowth(t, app, before)
	endsWithin(t, p.Command("quit"), quitWithin)
	endsWithin(t, app, quitWithin)
	if n := len(p.Emu.Self().Sessions); n != 0 {
		t.Errorf("quit left %d sessions", n)
	}
}
