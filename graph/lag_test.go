package graph

import (
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestQuitAndStartWithinALag: heliograph quits and starts, and reads still show
// what it has cleared. That is ours: neither a message nor a choice of the
// person's own.
func TestQuitAndStartWithinALag(t *testing.T) {
	simulateOn(t, emu.Options{Switches: emu.Switches{ReadLag: 4 * time.Second}}, nil, office, func(d *day) {
		d.signIn()
		d.call("Zoom")
		d.choose(presence.ChoseBusy, 0)
		d.pass(10 * time.Minute)
		d.quit()
		d.saved.Choice = presence.Choice{Status: presence.ChoseBRB, Since: instant()} // as `set brb` does while nothing runs
		d.pass(time.Second)
		d.start(office)
		d.loop.SetService(d.account.Client())
		d.call("Zoom")
		d.pass(2 * time.Minute)
		d.shows("BeRightBack/BeRightBack")
		d.choose(presence.Automatic, 0)
		d.call("")
		d.pass(2 * time.Minute)
		d.leavesNothing()
		if m := d.server.User("self").StatusMessage; m != nil && m.Content != "" {
			t.Errorf("our own message is left: %+v", m)
		}
	})
}
