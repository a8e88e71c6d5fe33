package graph

import (
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestRefusedSwitchLeavesNothing: Busy stands, the switch to Do not disturb is
// refused or lost, and the user goes back to Automatic. Colleagues must not see
// Busy for the twelve hours for which it was set, nor may heliograph take it
// for a choice made in Teams.
func TestRefusedSwitchLeavesNothing(t *testing.T) {
	for name, f := range map[string]emu.Fault{
		"refused":  {Status: 403, Times: 3},
		"refused1": {Status: 404, Times: 1},
		"dropped":  {Drop: true, Times: 3},
		"lost":     {Lose: true, Times: 1},
		"throttle": {Status: 429, RetryAfter: 5, Times: 1},
		"server":   {Status: 503, Times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.choose(presence.ChoseBusy, 0)
				d.sees("Busy/Busy")
				d.pass(5 * time.Minute)
				f.Path = "/setUserPreferredPresence"
				d.fault(f)
				d.choose(presence.ChoseDND, 0)
				d.choose(presence.Automatic, 0)
				d.pass(time.Minute)
				d.leavesNothing()
			})
		})
	}
}

// leavesNothing holds what is left after a choice is over.
func (d *day) leavesNothing() {
	d.t.Helper()
	d.sees("Available/Available")
	if p := d.server.User("self").Preferred; p != nil {
		d.t.Errorf("a preferred presence is left: %+v", p)
	}
	if s := d.loop.State(); !s.Theirs.Zero() {
		d.t.Errorf("heliograph's own choice is taken for one in Teams: %v", s.Theirs)
	}
}

// TestRefusedSwitchIsNoChoiceInTeams: while the switch is refused, what was set
// before is still shown. It is ours, the new choice stays, and is set in time.
func TestRefusedSwitchIsNoChoiceInTeams(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 0)
		d.pass(2 * time.Minute)
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403, For: emu.Duration(20 * time.Minute)})
		d.choose(presence.ChoseDND, 0)
		d.pass(10 * time.Minute) // over several renewals of the session, each read back
		d.sees("Busy/Busy")
		if s := d.loop.State(); s.Choice.Status != presence.ChoseDND || !s.Theirs.Zero() {
			t.Errorf("the choice became %+v, in Teams %v", s.Choice, s.Theirs)
		}
		d.pass(25 * time.Minute)
		d.sees("DoNotDisturb/DoNotDisturb")
		d.choose(presence.Automatic, 0)
		d.leavesNothing()
	})
}

// TestRefusedFirstChoiceIsKept: nothing was set yet, so what is shown (the
// session) cannot be the user's answer to it.
func TestRefusedFirstChoiceIsKept(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403, For: emu.Duration(10 * time.Minute)})
		d.choose(presence.ChoseDND, 0)
		d.pass(9 * time.Minute)
		if s := d.loop.State(); s.Choice.Status != presence.ChoseDND || s.Err == nil {
			t.Errorf("the choice became %+v, with %v", s.Choice, s.Err)
		}
		d.pass(10 * time.Minute)
		d.sees("DoNotDisturb/DoNotDisturb")
	})
}

// TestRefusedShorteningLeavesNothing: what stands lasts longer than what was
// refused, and outlives it.
func TestRefusedShorteningLeavesNothing(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 8*time.Hour)
		d.pass(time.Minute)
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403, For: emu.Duration(20 * time.Minute)})
		d.choose(presence.ChoseBusy, 10*time.Minute)
		d.pass(15 * time.Minute)
		d.leavesNothing()
	})
}

// TestRefusedSwitchOverAKill: what may be at Graph is known to the next start.
func TestRefusedSwitchOverAKill(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 0)
		d.pass(time.Minute)
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403, Times: 1})
		d.choose(presence.ChoseDND, 0)
		d.kill()
		d.start(office)
		d.choose(presence.Automatic, 0)
		d.loop.SetService(d.account.Client())
		d.input()
		d.pass(time.Minute)
		d.leavesNothing()
	})
}

// TestRefusedSwitchAtQuit: quitting gives back what stands, too.
func TestRefusedSwitchAtQuit(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 0)
		d.pass(time.Minute)
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403})
		d.choose(presence.ChoseDND, 0)
		d.pass(time.Minute)
		d.quit()
		if u := d.server.User("self"); u.Preferred != nil || len(u.Sessions) != 0 {
			t.Errorf("left behind: %+v", u)
		}
	})
}
