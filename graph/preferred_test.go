package graph

import (
	"testing"
	"time"

	"heliograph/detect"
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

// TestRefusedSwitchStaysOurs: while the switch is refused, what was set
// before is still shown. It is ours, the new choice stays, and is set in time.
func TestRefusedSwitchStaysOurs(t *testing.T) {
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

// TestRefusedFirstChoiceIsKept: nothing of ours was set yet, so that the session
// is shown does not mean that the user has chosen otherwise.
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

// keepsTheirs holds that what the user has chosen in Teams is untouched.
func (d *day) keepsTheirs(availability string) {
	d.t.Helper()
	if p := d.server.User("self").Preferred; p == nil || p.Availability != availability {
		d.t.Errorf("the choice of %s in Teams became %+v (state: %+v)", availability, p, d.loop.State())
	}
}

// TestChoiceInTeamsDuringARefusal: while Graph refuses what heliograph wants to
// set, the user chooses in Teams. That is newer, and is never written over.
func TestChoiceInTeamsDuringARefusal(t *testing.T) {
	for kind, f := range map[string]emu.Fault{"refused": {Status: 403}, "server": {Status: 503}, "token": {Status: 401}, "page": {Page: true, Status: 403}, "drop": {Drop: true}} {
		t.Run(kind, func(t *testing.T) { choiceInTeamsDuring(t, f) })
	}
}

func choiceInTeamsDuring(t *testing.T, f emu.Fault) {
	refused := func(d *day, span time.Duration) {
		f.Path, f.For = "/setUserPreferredPresence", emu.Duration(span)
		d.fault(f)
	}
	for name, play := range map[string]func(*day){
		"renewal": func(d *day) {
			d.choose(presence.ChoseBusy, 0)
			d.pass(5*time.Hour + 50*time.Minute)
			refused(d, 40*time.Minute)
			d.pass(20 * time.Minute)
		},
		"switch": func(d *day) {
			d.choose(presence.ChoseBusy, 0)
			d.pass(2 * time.Minute)
			refused(d, 20*time.Minute)
			d.choose(presence.ChoseDND, 0)
			d.pass(6 * time.Minute)
		},
		"first": func(d *day) {
			refused(d, 20*time.Minute)
			d.choose(presence.ChoseDND, 0)
			d.pass(9 * time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				play(d)
				d.picks("BeRightBack")
				d.pass(time.Hour)
				d.keepsTheirs("BeRightBack")
				if s := d.loop.State(); s.Choice.Status != presence.Automatic || s.Theirs != presence.PreferBeRightBack {
					t.Errorf("choice %+v, in Teams %v", s.Choice, s.Theirs)
				}
				d.quit()
				d.keepsTheirs("BeRightBack")
			})
		})
	}
}

// TestChoiceAfterOneInTeams: the user chose in Teams first and in heliograph
// then, which Graph refuses for a while. The later choice holds.
func TestChoiceAfterOneInTeams(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403, For: emu.Duration(10 * time.Minute)})
		d.picks("BeRightBack")
		d.choose(presence.ChoseDND, 0)
		d.pass(9 * time.Minute)
		if s := d.loop.State(); s.Choice.Status != presence.ChoseDND {
			t.Errorf("the choice became %+v", s.Choice)
		}
		d.pass(10 * time.Minute)
		d.sees("DoNotDisturb/DoNotDisturb")
	})
}

// TestRefusedValueIsNotOurs: what Graph has refused cannot be there by us, so
// the same value is the user's if they choose it in Teams.
func TestRefusedValueIsNotOurs(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403})
		d.choose(presence.ChoseDND, 0)
		d.choose(presence.ChoseBRB, 0)
		d.pass(5 * time.Minute)
		d.picks("DoNotDisturb")
		d.pass(10 * time.Minute)
		if s := d.loop.State(); s.Theirs != presence.PreferDoNotDisturb {
			t.Errorf("in Teams %v, choice %+v", s.Theirs, s.Choice)
		}
		d.choose(presence.Automatic, 0)
		d.pass(time.Minute)
		d.keepsTheirs("DoNotDisturb")
		d.quit()
		d.keepsTheirs("DoNotDisturb")
	})
}

// TestFormerValueExpires: Busy stood for an hour, a later write never arrived.
// Once Busy has run out at Graph, Busy is the user's own.
func TestFormerValueExpires(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, time.Hour)
		d.pass(time.Minute)
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Drop: true, For: emu.Duration(3 * time.Hour)})
		d.choose(presence.ChoseDND, 0)
		d.pass(2 * time.Hour)
		d.picks("Busy")
		d.choose(presence.Automatic, 0)
		d.pass(time.Minute)
		d.keepsTheirs("Busy")
	})
}

// TestChoiceInTeamsBeforeAPause: the session goes with the pause; what is shown
// must be read before, or the user's own choice would be cleared unseen.
func TestChoiceInTeamsBeforeAPause(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 0)
		d.pass(30 * time.Second)
		d.picks("BeRightBack")
		d.pass(30 * time.Second)
		d.choose(presence.Paused, time.Hour)
		d.pass(10 * time.Second)
		d.keepsTheirs("BeRightBack")
	})
}

// TestChoiceOnThePhoneDuringSleep: the machine sleeps, a choice of ours runs
// out, and the user has chosen on the phone while Teams runs elsewhere.
func TestChoiceOnThePhoneDuringSleep(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		if err := d.server.SetSession(emu.SessionRequest{User: "self", Name: "Teams on the phone", Availability: "Available", Activity: "Available"}); err != nil {
			t.Fatal(err)
		}
		d.choose(presence.ChoseBusy, 30*time.Minute)
		d.pass(time.Minute)
		d.observe(func(a *detect.Activity) { a.Asleep = true })
		d.pass(10 * time.Minute)
		d.picks("DoNotDisturb")
		d.pass(30 * time.Minute)
		d.keepsTheirs("DoNotDisturb")
	})
}

// TestChoiceIsProlonged: Busy for ten minutes becomes Busy without an end.
func TestChoiceIsProlonged(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 10*time.Minute)
		d.pass(time.Minute)
		d.choose(presence.ChoseBusy, 0)
		for range 40 {
			d.pass(30 * time.Second)
			d.sees("Busy/Busy")
		}
	})
}

// TestOwnChoiceWithoutOwnSession: Graph refuses our session, Teams runs, and
// our preferred presence shows over its session. It is not the user's.
func TestOwnChoiceWithoutOwnSession(t *testing.T) {
	simulate(t, office, func(d *day) {
		if err := d.server.SetSession(emu.SessionRequest{User: "self", Name: "Teams", Availability: "Available", Activity: "Available"}); err != nil {
			t.Fatal(err)
		}
		d.fault(emu.Fault{Path: "/setPresence", Status: 403})
		d.signIn()
		d.choose(presence.ChoseDND, 0)
		d.pass(2 * time.Minute)
		d.sees("DoNotDisturb/DoNotDisturb")
		if s := d.loop.State(); !s.Theirs.Zero() {
			t.Errorf("our own choice is taken for %v in Teams", s.Theirs)
		}
	})
}
