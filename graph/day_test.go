package graph

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/detect"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// day is a simulated working day: the real loop, client and MSAL against the
// emulator, all with the clock of a synctest bubble.
type day struct {
	t       *testing.T
	server  *emu.Server
	proxy   *proxy // between the account and the server
	account *Account
	loop    *presence.Loop
	desk    detect.Activity
	saved   presence.Saved
	zone    atomic.Pointer[time.Location] // of the computer; nil: UTC
	clock   func() time.Time              // of the computer; nil: the true time
	quit    func()
	logTo   *slog.Logger
	rounds  atomic.Int64 // of the loop
}

// simulate runs play in a bubble. The person has just begun to use the
// computer, and nobody is signed in yet.
func simulate(t *testing.T, policy presence.Policy, play func(*day)) {
	t.Helper()
	simulateOn(t, emu.Options{}, nil, policy, play)
}

// simulateAs does what simulate does, for an application; nil: for a person.
func simulateAs(t *testing.T, app *Application, policy presence.Policy, play func(*day)) {
	t.Helper()
	simulateOn(t, emu.Options{}, app, policy, play)
}

// simulateOn does what simulateAs does, on an emulator with these options.
func simulateOn(t *testing.T, o emu.Options, app *Application, policy presence.Policy, play func(*day)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &day{t: t, server: emu.New(o)}
		d.proxy = &proxy{next: d.server.Transport()}
		var err error
		if d.account, err = Open(Config{ClientID: emu.AppID, Tenant: emu.TenantID, Transport: d.proxy, Application: app}, &MemoryVault{}); err != nil {
			t.Fatal(err)
		}
		d.start(policy)
		defer func() { d.quit() }()
		d.input()
		play(d)
	})
}

// start runs a loop with what an earlier one has saved.
func (d *day) start(policy presence.Policy) {
	d.loop = presence.New(presence.Options{Policy: policy, Saved: d.saved, Keep: func(s presence.Saved) { d.saved = s },
		Log: d.logTo, Zone: d.local, Jitter: func() float64 { return 0.5 }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { d.loop.Run(ctx); close(done) }()
	d.quit = func() { cancel(); <-done }
}

func (d *day) local() *time.Location {
	d.rounds.Add(1) // the zone is asked for with every decision
	if loc := d.zone.Load(); loc != nil {
		return loc
	}
	return time.UTC
}

// kill ends the loop without clearing anything, as a power cut does.
func (d *day) kill() {
	d.loop.SetService(nil)
	synctest.Wait()
	d.quit()
}

var office = presence.Policy{AwayAfter: 5 * time.Minute, AwayWhenLocked: true, BusyInCall: true, CallMessage: "On a {app} call"}

func instant() time.Time { return time.Now().Round(0) }

// instant is what the clock of the computer shows.
func (d *day) instant() time.Time {
	if d.clock != nil {
		return d.clock()
	}
	return instant()
}

// pass lets time pass, and returns when everything that follows has happened.
func (d *day) pass(span time.Duration) {
	<-time.After(span)
	synctest.Wait()
}

// signIn signs in with a device code, which needs no socket and so works in a
// bubble.
func (d *day) signIn() {
	d.t.Helper()
	_, err := d.account.SignIn(d.t.Context(), Prompt{Device: func(c DeviceCode) {
		if !d.server.ApproveDevice(c.Code, "self") {
			d.t.Error("the emulator does not know the code")
		}
	}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.loop.SetService(d.account.Client())
	synctest.Wait()
}

func (d *day) observe(change func(*detect.Activity)) {
	change(&d.desk)
	d.loop.Observe(d.desk)
	synctest.Wait()
}

// input begins to arrive; inputEnds: it has just ended.
func (d *day) input() {
	d.observe(func(a *detect.Activity) { a.InUse, a.LastInput = true, d.instant() })
}
func (d *day) inputEnds() {
	d.observe(func(a *detect.Activity) { a.InUse, a.LastInput = false, d.instant() })
}

func (d *day) call(name string) {
	d.observe(func(a *detect.Activity) {
		a.Call = detect.Call{}
		if name != "" {
			a.Call = detect.Call{App: strings.ToLower(name), Name: name, Since: d.instant(), Apps: 1}
		}
	})
}

func (d *day) choose(s presence.Status, span time.Duration) {
	c := presence.Choice{Status: s}
	if span > 0 {
		c.Until = d.instant().Add(span)
	}
	d.loop.Choose(c)
	synctest.Wait()
}

func (d *day) fault(f emu.Fault) {
	d.t.Helper()
	if err := d.server.AddFault(f); err != nil {
		d.t.Fatal(err)
	}
}

// shows checks what colleagues see now.
func (d *day) shows(want string) {
	d.t.Helper()
	if p := d.server.User("self").Shown; p.Availability+"/"+p.Activity != want {
		d.t.Errorf("%s: colleagues see %s/%s, want %s (state: %+v)", time.Now().Format("15:04:05"), p.Availability, p.Activity, want, d.loop.State())
	}
}

// requests lists the times of the requests for an action since then.
func (d *day) requests(action string, since time.Time) []time.Time {
	var at []time.Time
	for _, r := range d.server.Requests() {
		if strings.HasSuffix(r.Path, action) && !r.Time.Before(since) {
			at = append(at, r.Time)
		}
	}
	return at
}

func TestWorkingDay(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.shows("Available/Available")
		d.pass(50 * time.Minute)
		d.shows("Available/Available")
		d.inputEnds()
		d.pass(5*time.Minute - time.Nanosecond)
		d.shows("Available/Available")
		d.pass(time.Nanosecond)
		d.shows("Away/Away")
		d.pass(3 * time.Hour) // lunch, over several tokens' lives
		d.shows("Away/Away")
		d.input()
		d.shows("Available/Available")
		d.call("Zoom")
		d.shows("Busy/InACall")
		if m := d.server.User("self").StatusMessage; m == nil || m.Content != "On a Zoom call" {
			t.Errorf("status message %+v", m)
		}
		d.inputEnds() // one listens without a hand on the keyboard
		d.pass(2 * time.Hour)
		d.shows("Busy/InACall")
		d.call("")
		d.shows("Away/Away")
		if m := d.server.User("self").StatusMessage; m != nil && m.Content != "" {
			t.Errorf("the message is still there: %+v", m)
		}
		d.input()
		d.observe(func(a *detect.Activity) { a.Locked = true })
		d.shows("Away/Away")
		d.observe(func(a *detect.Activity) { a.Locked = false })
		d.shows("Available/Available")
		d.observe(func(a *detect.Activity) { a.Asleep = true })
		d.shows("Offline/Offline")
		d.pass(14 * time.Hour)
		d.observe(func(a *detect.Activity) { a.Asleep, a.InUse, a.LastInput = false, true, instant() })
		d.shows("Available/Available")
		d.quit()
		d.shows("Offline/Offline")
		if n := len(d.server.User("self").Sessions); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
}

// TestKeepAlive holds that each pair is renewed as often as it needs: Available
// fades after five minutes, everything else lasts until it expires.
func TestKeepAlive(t *testing.T) {
	for _, c := range []struct {
		name     string
		desk     func(*day)
		gap      time.Duration // the longest between two posts
		min, max int           // posts in a day
	}{
		{"available", func(d *day) { d.input() }, 5 * time.Minute, 24 * 12, 24 * 17},
		{"call", func(d *day) { d.call("Zoom") }, 15 * time.Minute, 24 * 4, 24 * 6},
		{"away", func(d *day) { d.observe(func(a *detect.Activity) { a.Locked = true }) }, time.Hour, 24, 24 * 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			simulate(t, presence.Policy{AwayAfter: 5 * time.Minute, AwayWhenLocked: true, BusyInCall: true}, func(d *day) {
				c.desk(d)
				d.signIn()
				began := time.Now()
				d.pass(24 * time.Hour)
				at := d.requests("/setPresence", began)
				if len(at) < c.min || len(at) > c.max {
					t.Errorf("%d posts in a day, want %d to %d", len(at), c.min, c.max)
				}
				for i := 1; i < len(at); i++ {
					if gap := at[i].Sub(at[i-1]); gap >= c.gap {
						t.Fatalf("%v passed between two posts", gap)
					}
				}
			})
		})
	}
}

// TestWorkingHoursTravel: the clocks change while the loop runs, and so does
// the zone of the computer.
func TestWorkingHoursTravel(t *testing.T) {
	berlin, tokyo := mustLoad(t, "Europe/Berlin"), mustLoad(t, "Asia/Tokyo")
	policy := presence.Policy{Hours: presence.Hours{Days: [7]bool{true, true, true, true, true, true, true}, From: 8 * 60, To: 18 * 60}}
	simulate(t, policy, func(d *day) {
		d.zone.Store(berlin)
		d.pass(time.Until(time.Date(2000, 3, 25, 12, 0, 0, 0, berlin)))
		d.signIn()
		d.input()
		d.shows("Available/Available")
		d.pass(time.Until(time.Date(2000, 3, 25, 18, 0, 0, 0, berlin)))
		d.shows("Offline/Offline")
		// The clocks go forward: work begins an hour earlier than in 24 hours.
		d.pass(time.Until(time.Date(2000, 3, 26, 8, 0, 0, -1, berlin)))
		d.shows("Offline/Offline")
		d.pass(1)
		d.shows("Available/Available")
		d.pass(time.Hour)
		d.zone.Store(tokyo) // where it is 16:00
		d.inputEnds()
		if until := d.loop.State().Want.Until; !until.Equal(time.Date(2000, 3, 26, 18, 0, 0, 0, tokyo)) {
			t.Errorf("work in Tokyo ends at %s", until)
		}
		d.pass(2 * time.Hour)
		d.shows("Offline/Offline")
		d.zone.Store(berlin) // where it is 11:00
		d.input()
		d.shows("Available/Available")
	})
}

func mustLoad(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestRetryAfterIsObeyed(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Second)
		d.fault(emu.Fault{Path: "/setPresence", Status: 429, RetryAfter: 90, Times: 1})
		asked := time.Now()
		d.call("Zoom")
		d.pass(30 * time.Second)
		d.inputEnds() // an event does not shorten a pause that the server asked for
		d.pass(60*time.Second - time.Nanosecond)
		if n := len(d.requests("/setPresence", asked)); n != 1 {
			t.Errorf("%d posts within the pause", n)
		}
		d.pass(time.Second)
		d.shows("Busy/InACall")
	})
}

func TestOutage(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Drop: true, For: emu.Duration(40 * time.Minute)})
		began := time.Now()
		d.call("Zoom")
		d.pass(39 * time.Minute)
		at := d.requests("/setPresence", began)
		if n := len(at); n < 39 || n > 120 {
			t.Errorf("%d attempts in 39 minutes", n)
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap > time.Minute+time.Second {
				t.Fatalf("%v between two attempts", gap)
			}
		}
		s := d.loop.State()
		if s.Err == nil || !s.ErrSince.Equal(began.Round(0)) && s.ErrSince.Sub(began) > time.Second {
			t.Errorf("the trouble is %v since %v", s.Err, s.ErrSince)
		}
		// The session has expired at Graph; the present state must be sent at once.
		d.shows("Offline/Offline")
		d.call("")
		d.pass(2 * time.Minute)
		d.shows("Available/Available")
		if s := d.loop.State(); s.Err != nil {
			t.Errorf("after the outage: %v", s.Err)
		}
	})
}

func TestAnEventEndsABackoff(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Drop: true, For: emu.Duration(20 * time.Minute)})
		d.pass(20*time.Minute + time.Nanosecond)
		d.call("Zoom")
		d.shows("Busy/InACall")
	})
}

func TestLostAnswers(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "Presence", Lose: true, Times: 3})
		d.choose(presence.ChoseDND, time.Hour)
		d.pass(10 * time.Second)
		d.shows("DoNotDisturb/DoNotDisturb")
		d.fault(emu.Fault{Path: "clearUserPreferredPresence", Lose: true, Times: 2})
		d.choose(presence.Automatic, 0)
		d.pass(10 * time.Second)
		d.shows("Available/Available")
		if s := d.loop.State(); !s.Theirs.Zero() {
			t.Errorf("heliograph's own choice is taken for the user's: %v", s.Theirs)
		}
	})
}

func TestRevokedSignInSendsNothing(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.server.Revoke("self")
		d.pass(5 * time.Minute)
		s := d.loop.State()
		if s.SignedIn || !errors.Is(s.Err, presence.ErrSignIn) {
			t.Fatalf("after the revocation: %+v", s)
		}
		before := len(d.server.Requests())
		d.pass(8 * time.Hour)
		if n := len(d.server.Requests()) - before; n != 0 {
			t.Errorf("%d requests without a sign-in", n)
		}
		d.call("Zoom")
		d.signIn()
		d.shows("Busy/InACall")
	})
}
