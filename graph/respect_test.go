package graph

import (
	"testing"
	"testing/synctest"
	"time"

	"heliograph/detect"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// chooseInTeams makes a choice in a Teams client; empty: resets it.
func (d *day) chooseInTeams(availability string) {
	d.t.Helper()
	if err := d.server.SetPreferred("self", availability, ""); err != nil {
		d.t.Fatal(err)
	}
}

func TestChoiceMadeInTeamsIsRespected(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.chooseInTeams("DoNotDisturb")
		d.pass(5 * time.Minute) // the next renewal reads it
		if got := d.loop.State().Theirs; got != presence.PreferDoNotDisturb {
			t.Fatalf("the choice in Teams is read as %v", got)
		}
		began := time.Now()
		d.call("Zoom")
		d.pass(20 * time.Minute)
		d.call("")
		d.observe(func(a *detect.Activity) { a.Locked = true })
		d.pass(8 * time.Hour)
		d.shows("DoNotDisturb/DoNotDisturb")
		if n := len(d.requests("UserPreferredPresence", began)); n != 0 {
			t.Errorf("heliograph changed it %d times", n)
		}
		d.observe(func(a *detect.Activity) { a.Locked = false })
		d.loop.ClearTheirs()
		synctest.Wait()
		d.shows("Available/Available")
	})
}

func TestChoiceChangedInTeamsEndsOurs(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 0)
		d.shows("Busy/Busy")
		d.pass(2 * time.Minute)
		d.chooseInTeams("BeRightBack")
		d.pass(10 * time.Minute)
		d.shows("BeRightBack/BeRightBack")
		s := d.loop.State()
		if s.Choice.Status != presence.Automatic || s.Theirs != presence.PreferBeRightBack {
			t.Errorf("state %+v", s)
		}
		d.quit()
		if p := d.server.User("self").Preferred; p == nil || p.Availability != "BeRightBack" {
			t.Errorf("at quit the user's own choice became %+v", p)
		}
	})
}

func TestTimedChoice(t *testing.T) {
	for _, c := range []struct {
		status presence.Status
		shown  string
	}{
		{presence.ChoseAvailable, "Available/Available"}, {presence.ChoseBusy, "Busy/Busy"}, {presence.ChoseDND, "DoNotDisturb/DoNotDisturb"},
		{presence.ChoseBRB, "BeRightBack/BeRightBack"}, {presence.ChoseAway, "Away/Away"}, {presence.ChoseOffline, "Offline/OffWork"},
	} {
		t.Run(string(c.status), func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.choose(c.status, time.Hour)
				d.shows(c.shown)
				d.inputEnds()
				d.pass(time.Hour - time.Nanosecond)
				d.shows(c.shown)
				d.pass(time.Nanosecond)
				d.shows("Away/Away") // idle for an hour by now
				if p := d.server.User("self").Preferred; p != nil {
					t.Errorf("a preferred presence is left: %+v", p)
				}
			})
		})
	}
}

func TestChoiceSurvivesAKill(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseDND, time.Hour)
		d.kill()
		d.shows("DoNotDisturb/DoNotDisturb")
		d.start(office)
		d.loop.SetService(d.account.Client())
		d.input()
		d.shows("DoNotDisturb/DoNotDisturb")
		d.pass(time.Hour)
		d.shows("Available/Available")
		// A choice that has ended while nothing ran does not come back.
		d.choose(presence.ChoseBusy, time.Minute)
		d.kill()
		d.pass(2 * time.Minute)
		d.start(office)
		d.loop.SetService(d.account.Client())
		d.input()
		d.pass(time.Minute)
		d.shows("Available/Available")
	})
}

func TestPauseLeavesTeamsAlone(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.Paused, time.Hour)
		d.shows("Offline/Offline") // no other client lives
		began := time.Now().Add(time.Second)
		d.pass(time.Second)
		d.call("Zoom")
		d.pass(58 * time.Minute)
		if n := len(d.requests("/setPresence", began)); n != 0 {
			t.Errorf("%d posts while paused", n)
		}
		d.pass(2 * time.Minute)
		d.shows("Busy/InACall")
	})
}

func TestMessageIsRestored(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		if err := d.account.Client().SetStatusMessage(d.t.Context(), "In Oslo", instant().Add(8*time.Hour)); err != nil {
			t.Fatal(err)
		}
		d.call("Zoom")
		d.pass(3 * time.Hour)
		if m := d.server.User("self").StatusMessage; m == nil || m.Content != "On a Zoom call" {
			t.Fatalf("during the call: %+v", m)
		}
		d.call("")
		d.pass(time.Second)
		if m := d.server.User("self").StatusMessage; m == nil || m.Content != "In Oslo" || m.Expires.IsZero() {
			t.Errorf("after the call: %+v", m)
		}
		// A message that the user writes during the call is kept.
		d.call("Zoom")
		if err := d.account.Client().SetStatusMessage(d.t.Context(), "Ask Grace", time.Time{}); err != nil {
			t.Fatal(err)
		}
		d.call("")
		d.pass(time.Second)
		if m := d.server.User("self").StatusMessage; m == nil || m.Content != "Ask Grace" {
			t.Errorf("the user's own message became %+v", m)
		}
	})
}

// TestMessageIsRestoredAfterAKill: ours has ended long before heliograph runs again.
func TestMessageIsRestoredAfterAKill(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		if err := d.account.Client().SetStatusMessage(d.t.Context(), "In Oslo", instant().Add(8*time.Hour)); err != nil {
			t.Fatal(err)
		}
		d.call("Zoom")
		d.pass(time.Minute)
		d.kill()
		d.pass(2 * time.Hour)
		if m := d.server.User("self").StatusMessage; m != nil {
			t.Fatalf("after the end of ours: %+v", m)
		}
		d.desk.Call = detect.Call{}
		d.start(office)
		d.input()
		d.loop.SetService(d.account.Client())
		d.pass(10 * time.Second)
		if m := d.server.User("self").StatusMessage; m == nil || m.Content != "In Oslo" {
			t.Errorf("after the start: %+v", m)
		}
	})
}

// TestMessageKeepsItsEnd: the user's own message ends when they said, in
// whatever zone Graph writes that end, and however the clocks change meanwhile.
func TestMessageKeepsItsEnd(t *testing.T) {
	for _, zone := range []string{"", "W. Europe Standard Time", "Pacific Standard Time", "India Standard Time"} {
		t.Run(zone, func(t *testing.T) {
			simulateOn(t, emu.Options{Switches: emu.Switches{StatusZone: zone}}, nil, office, func(d *day) {
				// Europe's clocks go forward on 26 March 2000, America's a week later.
				d.pass(time.Until(time.Date(2000, 3, 25, 12, 0, 0, 0, time.UTC)))
				d.signIn()
				end := instant().Add(20*24*time.Hour + 90*time.Minute).Truncate(time.Second)
				if err := d.account.Client().SetStatusMessage(d.t.Context(), "In Oslo", end); err != nil {
					t.Fatal(err)
				}
				d.call("Zoom")
				d.pass(time.Hour)
				d.call("")
				d.pass(time.Second)
				if m := d.server.User("self").StatusMessage; m == nil || m.Content != "In Oslo" || !m.Expires.Equal(end) {
					t.Errorf("after the call: %+v, want an end at %s", m, end)
				}
			})
		})
	}
}
