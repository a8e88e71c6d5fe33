package graph

import (
	"testing"
	"time"

	"heliograph/detect"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// otherComputer sets the session that this computer shares with another one.
func (d *day) otherComputer(p presence.Pair) {
	d.t.Helper()
	if err := d.account.Client().SetPresence(d.t.Context(), p, 15*time.Minute); err != nil {
		d.t.Fatal(err)
	}
}

func (d *day) lock() { d.observe(func(a *detect.Activity) { a.Locked = true }) }

// teamsCall is a call in a Teams client that heliograph does not see.
func (d *day) teamsCall() {
	d.t.Helper()
	if err := d.server.SetSession(emu.SessionRequest{User: "self", Availability: "Busy", Activity: "InACall"}); err != nil {
		d.t.Fatal(err)
	}
}

// otherStops clears that session.
func (d *day) otherStops() {
	d.t.Helper()
	if err := d.account.Client().ClearPresence(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// TestClearedSessionMeansAnotherComputer: who finds that the session is gone, which
// only another computer can have cleared, looks from then on whether it is.
func TestClearedSessionMeansAnotherComputer(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(2 * time.Minute)
		d.lock()
		d.pass(2 * time.Minute)
		d.shows("Away/Away")
		d.otherStops()
		d.pass(49 * time.Minute) // found with the renewal
		d.shows("Away/Away")
		d.otherComputer(presence.Available)
		d.pass(time.Minute)
		d.otherStops()
		began := time.Now()
		d.pass(25 * time.Minute)
		d.shows("Away/Away")
		// One look finds it; after the post there are up to three.
		if n := len(d.requests("", began)); n > 5 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestReplacedCallIsPostedAgain: less than our call is shown, which is a choice in
// Teams or another computer's session; that is not left until the renewal.
func TestReplacedCallIsPostedAgain(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(2 * time.Minute)
		d.call("Zoom")
		d.pass(2 * time.Minute)
		d.choose(presence.ChoseDND, 0)
		d.pass(10 * time.Second)
		d.otherComputer(presence.Away) // which cannot see the call
		d.choose(presence.Automatic, 0)
		d.pass(70 * time.Second)
		d.shows("Busy/InACall")
	})
}

// TestOldCallIsNotOurs: a crash in a call days ago does not make another
// computer's call ours.
func TestOldCallIsNotOurs(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.call("Zoom")
		d.kill()
		d.pass(72 * time.Hour)
		d.otherComputer(presence.InACall)
		d.start(office)
		d.desk = detect.Activity{LastInput: instant()}
		d.lock()
		d.loop.SetService(d.account.Client())
		d.pass(10 * time.Second)
		d.shows("Busy/InACall")
	})
}

// TestQuitSaysWhatItLeavesToOthers: our session, which another one hides or has
// replaced, is left on purpose, and named.
func TestQuitSaysWhatItLeavesToOthers(t *testing.T) {
	for name, play := range map[string]func(*day){
		"call": func(d *day) { d.lock(); d.pass(2 * time.Minute); d.teamsCall(); d.pass(2 * time.Minute) },
		"noticed before": func(d *day) {
			d.quit()
			d.saved.Accounts = []presence.Ledger{{Account: d.account.Client().Account(), Others: instant().Add(-48 * time.Hour)}}
			d.start(office)
			d.loop.SetService(d.account.Client())
			d.input()
			d.pass(20 * time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(2 * time.Minute)
				play(d)
				d.quit()
				left := d.loop.Left()
				if len(left) != 1 || !left[0].ToOthers || left[0].Kind != presence.LeftSession {
					t.Fatalf("left %+v", left)
				}
				d.pass(time.Until(left[0].Until) + time.Second)
				for _, s := range d.server.User("self").Sessions {
					if s.ID != "" {
						t.Errorf("after the end that was named: %+v", s)
					}
				}
			})
		})
	}
}

// TestQuitInOurTeamsCall: a Teams call at this computer hides our session, and
// nobody else holds it.
func TestQuitInOurTeamsCall(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(2 * time.Minute)
		d.teamsCall()
		d.observe(func(a *detect.Activity) {
			a.Call = detect.Call{App: "teams", Name: "Teams", Since: instant(), Apps: 1, Teams: true}
		})
		d.pass(2 * time.Minute)
		d.quit()
		if left := d.loop.Left(); len(left) != 0 || len(d.server.User("self").Sessions) != 1 {
			t.Errorf("left %+v, sessions %+v", left, d.server.User("self").Sessions)
		}
	})
}

// TestYieldDoesNotPoll: while the session is left to another computer, a request
// that was lost before does not keep the loop awake.
func TestYieldDoesNotPoll(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.quit()
		decisions := 0
		d.loop = presence.New(presence.Options{Policy: office, Zone: func() *time.Location { decisions++; return time.UTC }, Jitter: func() float64 { return 0.5 }})
		done := make(chan struct{})
		go func() { d.loop.Run(d.t.Context()); close(done) }()
		d.quit = func() {}
		d.input()
		d.signIn()
		d.pass(2 * time.Minute)
		d.fault(emu.Fault{Path: "/setPresence", Lose: true, Times: 1})
		d.call("Zoom")
		d.call("")
		d.lock()
		d.pass(10 * time.Second)
		d.otherComputer(presence.InAMeeting)
		d.pass(2 * time.Minute)
		decisions = 0
		d.pass(5 * time.Minute)
		if decisions > 10 {
			t.Errorf("%d decisions in five minutes", decisions)
		}
	})
}

// TestClearTheirsMeansOneChoice: a click that could not be sent does not clear what
// the person picks in Teams afterwards.
func TestClearTheirsMeansOneChoice(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(2 * time.Minute)
		d.chooseInTeams("Busy")
		d.pass(10 * time.Minute)
		d.fault(emu.Fault{Drop: true, For: emu.Duration(2 * time.Hour)})
		d.loop.ClearTheirs()
		d.pass(time.Hour)
		d.chooseInTeams("DoNotDisturb")
		d.pass(90 * time.Minute)
		d.shows("DoNotDisturb/DoNotDisturb")
	})
}

// TestPauseOverASignIn: signing in again as the same person does not end a pause
// that Graph asked for.
func TestPauseOverASignIn(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(2 * time.Minute)
		d.fault(emu.Fault{Path: "/setPresence", Status: 429, RetryAfter: 90, Times: 1})
		d.call("Zoom")
		d.pass(10 * time.Second)
		began := time.Now()
		d.loop.SetService(d.account.Client())
		d.pass(20 * time.Second)
		if n := len(d.requests("", began)); n > 0 {
			t.Errorf("%d requests within the pause", n)
		}
		d.pass(time.Minute + time.Second)
		d.shows("Busy/InACall")
	})
}
