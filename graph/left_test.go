package graph

import (
	"fmt"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestLeftAfterQuit compares what the loop says that it could not clear with
// what a colleague still sees at the emulator, up to the instant that the loop
// names, and not after it.
func TestLeftAfterQuit(t *testing.T) {
	refuse := emu.Fault{Status: 503}
	for name, c := range map[string]struct {
		play func(*day)
		left string // kinds and pairs
		sees string // after quit
	}{
		"everything_cleared": {func(d *day) { d.choose(presence.ChoseBusy, 0) }, "[]", "Offline/Offline"},
		"signed_out":         {func(d *day) { d.loop.SetService(nil) }, "[0 Available/Available]", "Available/Available"},
		"session":            {func(d *day) { d.fault(refuse) }, "[0 Available/Available]", "Available/Available"},
		"choice": {func(d *day) { d.choose(presence.ChoseBusy, 0); d.fault(refuse) },
			"[0 Available/Available 1 Busy/Busy]", "Busy/Busy"},
		"call_with_message": {func(d *day) { d.call("Zoom"); d.pass(time.Second); d.fault(refuse) },
			"[0 Busy/InACall 2 none]", "Busy/InACall"},
		"clearing_lost": {func(d *day) { d.fault(emu.Fault{Lose: true}) }, "[0 Available/Available]", "Offline/Offline"},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(time.Minute)
				c.play(d)
				d.pass(time.Second)
				d.quit()
				d.server.ClearFaults()
				d.shows(c.sees)
				var got []any
				var until time.Time
				for _, l := range d.loop.Left() {
					got = append(got, int(l.Kind), l.Pair)
					if l.Until.After(until) {
						until = l.Until
					}
					if !l.Until.After(time.Now()) {
						t.Errorf("%+v has ended already", l)
					}
				}
				if fmt.Sprint(got) != c.left {
					t.Errorf("left %v, want %s", got, c.left)
				}
				if len(got) > 0 {
					d.pass(time.Until(until) + time.Second)
				}
				d.shows("Offline/Offline")
				if u := d.server.User("self"); u.StatusMessage != nil || u.Preferred != nil {
					t.Errorf("after the end that the loop named: %+v", u)
				}
			})
		})
	}
}
