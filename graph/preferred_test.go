package graph

import (
	"testing"
	"time"

	"heliograph/detect"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestRefusedSwitchLeavesNothing: Busy is set, the switch to Do not disturb is
// refused or lost, and the user goes back to Automatic. Colleagues must not see
// Busy for the twelve hours for which it was set, and heliograph must not take
// it for a choice made in Teams.
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
				d.shows("Busy/Busy")
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

// leavesNothing checks that nothing is left of a choice that has ended.
func (d *day) leavesNothing() {
	d.t.Helper()
	d.shows("Available/Available")
	if p := d.server.User("self").Preferred; p != nil {
		d.t.Errorf("a preferred presence is left: %+v", p)
	}
	if s := d.loop.State(); !s.Theirs.Zero() {
		d.t.Errorf("heliograph's own choice is taken for one in Teams: %v", s.Theirs)
	}
}

// TestRefusedSwitchStaysOurs: while the switch is refused, what was set before
// is still shown. It is ours; the new choice is kept and set later.
func TestRefusedSwitchStaysOurs(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 0)
		d.pass(2 * time.Minute)
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403, For: emu.Duration(20 * time.Minute)})
		d.choose(presence.ChoseDND, 0)
		d.pass(10 * time.Minute) // over several renewals of the session, each read back
		d.shows("Busy/Busy")
		if s := d.loop.State(); s.Choice.Status != presence.ChoseDND || !s.Theirs.Zero() {
			t.Errorf("the choice became %+v, in Teams %v", s.Choice, s.Theirs)
		}
		d.pass(25 * time.Minute)
		d.shows("DoNotDisturb/DoNotDisturb")
		d.choose(presence.Automatic, 0)
		d.leavesNothing()
	})
}

// TestRefusedFirstChoiceIsKept: nothing of ours was set yet. That the session is
// shown does not mean that the user has chosen otherwise.
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
		d.shows("DoNotDisturb/DoNotDisturb")
	})
}

// TestRefusedShorteningLeavesNothing: what was set lasts longer than the choice
// that was refused, and must be cleared at that choice's end.
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

// TestRefusedSwitchOverAKill: the next start knows what may be at Graph.
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

// TestRefusedSwitchAtQuit: quitting clears what was set before the refusal, too.
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

// keepsTheirs checks that a choice which the user has made in Teams is still
// there.
func (d *day) keepsTheirs(availability string) {
	d.t.Helper()
	if p := d.server.User("self").Preferred; p == nil || p.Availability != availability {
		d.t.Errorf("the choice of %s in Teams became %+v (state: %+v)", availability, p, d.loop.State())
	}
}

// TestChoiceInTeamsDuringARefusal: while Graph refuses what heliograph wants to
// set, the user chooses in Teams. That choice is newer and never overwritten.
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
				d.chooseInTeams("BeRightBack")
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

// TestChoiceAfterOneInTeams: the user chooses in Teams first and then in
// heliograph, whose request Graph refuses for a while. The later choice wins.
func TestChoiceAfterOneInTeams(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403, For: emu.Duration(10 * time.Minute)})
		d.chooseInTeams("BeRightBack")
		d.choose(presence.ChoseDND, 0)
		d.pass(9 * time.Minute)
		if s := d.loop.State(); s.Choice.Status != presence.ChoseDND {
			t.Errorf("the choice became %+v", s.Choice)
		}
		d.pass(10 * time.Minute)
		d.shows("DoNotDisturb/DoNotDisturb")
	})
}

// TestRefusedValueIsNotOurs: a value that Graph has refused cannot be ours, so
// the same value is the user's if they choose it in Teams.
func TestRefusedValueIsNotOurs(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 403})
		d.choose(presence.ChoseDND, 0)
		d.choose(presence.ChoseBRB, 0)
		d.pass(5 * time.Minute)
		d.chooseInTeams("DoNotDisturb")
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

// TestFormerValueExpires: Busy was set for an hour, and a later write never
// arrived. Once Busy has expired at Graph, Busy is the user's own.
func TestFormerValueExpires(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, time.Hour)
		d.pass(time.Minute)
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Drop: true, For: emu.Duration(3 * time.Hour)})
		d.choose(presence.ChoseDND, 0)
		d.pass(2 * time.Hour)
		d.chooseInTeams("Busy")
		d.choose(presence.Automatic, 0)
		d.pass(time.Minute)
		d.keepsTheirs("Busy")
	})
}

// TestChoiceInTeamsBeforeAPause: a pause clears the session. What is shown must
// be read before, or the user's own choice would be cleared unseen.
func TestChoiceInTeamsBeforeAPause(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 0)
		d.pass(30 * time.Second)
		d.chooseInTeams("BeRightBack")
		d.pass(30 * time.Second)
		d.choose(presence.Paused, time.Hour)
		d.pass(10 * time.Second)
		d.keepsTheirs("BeRightBack")
	})
}

// TestChoiceOnThePhoneDuringSleep: the computer sleeps, a choice of ours ends,
// and the user has chosen on the phone while Teams runs elsewhere.
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
		d.chooseInTeams("DoNotDisturb")
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
			d.shows("Busy/Busy")
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
		d.shows("DoNotDisturb/DoNotDisturb")
		if s := d.loop.State(); !s.Theirs.Zero() {
			t.Errorf("our own choice is taken for %v in Teams", s.Theirs)
		}
	})
}
