//go:build unix

package e2e

import (
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/graph/emu"
)

// TestCallBeatsOtherComputers has three computers with one application id, and so
// with one session. While A is in a call, none of the others may replace it: not
// by being locked, not by quitting, and not by starting on a locked screen.
func TestCallBeatsOtherComputers(t *testing.T) {
	t.Parallel() // its desktops are its own
	e := lab.StartEmulator(t, binary)
	a, b, c := newComputer(t, e, "A", emu.AppID), newComputer(t, e, "B", emu.AppID), newComputer(t, e, "C", emu.AppID)
	var call *lab.Process
	looks, wrong := play(t, e, holdStep, []step{
		{what: "A is in use", do: func() { a.use(true); a.run() }, want: seesAvailable, within: atOnce},
		{what: "B is in use too", do: func() { b.use(true); b.run() }, want: seesAvailable},
		{what: "A takes a call", do: func() { call = a.call() }, want: seesCall, within: atOnce},
		{what: "B is locked", do: func() { b.lock(true) }, want: seesCall},
		{what: "the call ends", do: func() { call.Stop() }, want: seesAvailable, within: time.Second + atOnce},
		{what: "B is unlocked", do: func() { b.lock(false); b.use(true) }, want: seesAvailable},
		{what: "A and B are locked", do: func() { a.use(false); b.use(false); a.lock(true); b.lock(true) }, want: seesAway, within: atOnce},
		{what: "A is unlocked, and takes another call", do: func() { a.lock(false); a.use(true); call = a.call() }, want: seesCall, within: time.Second + atOnce},
		{what: "B is unlocked during that call", do: func() { b.lock(false); b.use(true) }, want: seesCall},
		{what: "B quits", do: func() { b.quit() }, want: seesCall},
		{what: "C starts, and is locked", do: func() { c.lock(true); c.run() }, want: seesCall},
		{what: "A is killed: its call lasts until it expires", do: func() { a.app.Kill() }, want: seesCall},
		{what: "15 minutes later", do: func() { e.Post("advance", `{"by":"15m"}`) }, want: seesOffline},
		{what: "C is unlocked", do: func() { c.lock(false); c.use(true) }, want: seesAvailable, within: atOnce},
	})
	t.Logf("%d of %d looks were wrong", wrong, looks)
}
