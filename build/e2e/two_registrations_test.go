//go:build unix

package e2e

import (
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/graph/emu"
)

// TestTwoRegistrations has two computers whose heliographs have application ids
// of their own: they are two sessions, of which Microsoft shows the one that
// ranks highest, so that neither can write over the other.
func TestTwoRegistrations(t *testing.T) {
	t.Parallel() // its desktops are its own
	e := lab.StartEmulator(t, binary)
	a, b := newComputer(t, e, "A", emu.AppID), newComputer(t, e, "B", emu.SecondAppID)
	var call *lab.Process
	looks, wrong := play(t, e, holdStep, []step{
		{what: "A is in use", do: func() { a.use(true); a.run() }, want: seesAvailable, within: atOnce},
		{what: "B starts, and is locked", do: func() { b.lock(true); b.run() }, want: seesAvailable},
		// B cannot know that its session is its own: unlocked in the call, it would
		// wait for the end of that for up to two minutes.
		{what: "B is unlocked", do: func() { b.lock(false); b.use(true) }, want: seesAvailable},
		{what: "A takes a call", do: func() { call = a.call() }, want: seesCall, within: atOnce},
		{what: "the call ends", do: func() { call.Stop() }, want: seesAvailable, within: time.Second + atOnce},
		{what: "B is used, A is locked", do: func() { b.lock(false); b.use(true); a.lock(true) }, want: seesAvailable, within: atOnce},
		{what: "A quits", do: func() { a.quit() }, want: seesAvailable},
		{what: "B is locked", do: func() { b.lock(true) }, want: seesAway, within: atOnce},
		{what: "B quits", do: func() { b.quit() }, want: seesOffline},
	})
	if n := len(e.Self().Sessions); n != 0 {
		t.Errorf("%d sessions left", n)
	}
	t.Logf("%d of %d looks were wrong", wrong, looks)
}
