package graph

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/detect"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// day is a simulated working day: the real loop, client and MSAL against the
// emulator, all on a bubble's clock.
type day struct {
	t       *testing.T
	server  *emu.Server
	account *Account
	loop    *presence.Loop
	desk    detect.Activity
	saved   presence.Saved
	quit    func()
}

// simulate runs play in a bubble. Input has just arrived, and nobody is signed
// in yet.
func simulate(t *testing.T, policy presence.Policy, play func(*day)) {
	synctest.Test(t, func(t *testing.T) {
		d := &day{t: t, server: emu.New(emu.Options{Now: time.Now})}
		var err error
		if d.account, err = Open(Config{ClientID: emu.AppID, Transport: d.server.Transport()}, &MemoryVault{}); err != nil {
			t.Fatal(err)
		}
		d.start(policy)
		defer func() { d.quit() }()
		d.input()
		play(d)
	})
}

// start runs a loop on what an earlier one left.
func (d *day) start(policy presence.Policy) {
	d.loop = presence.New(presence.Options{Policy: policy, Saved: d.saved, Keep: func(s presence.Saved) { d.saved = s }, Jitter: func() float64 { return 0.5 }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { d.loop.Run(ctx); close(done) }()
	d.quit = func() { cancel(); <-done }
}

// kill ends the loop without a farewell, as a power cut does.
func (d *day) kill() {
	d.loop.SetService(nil)
	synctest.Wait()
	d.quit()
}

var office = presence.Policy{AwayAfter: 5 * time.Minute, AwayWhenLocked: true, BusyInCall: true, CallMessage: "On a {app} call"}

func instant() time.Time { return time.Now().Round(0) }

// pass lets time go by until everything has come to rest at its end.
func (d *day) pass(span time.Duration) {
	<-time.After(span)
	synctest.Wait()
}

// signIn needs no socket with a device code, so it fits into a bubble.
func (d *day) signIn() {
	d.t.Helper()
	_, err := d.account.SignIn(d.t.Context(), Prompt{Device: func(c DeviceCode) {
		if !d.server.ApproveDevice(c.Code, "self") {
			d.t.Error("the code is unknown")
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

// input begins to arrive; rest says that it ended just now.
func (d *day) input() {
	d.observe(func(a *detect.Activity) { a.InUse, a.LastInput = true, instant() })
}
func (d *day) rest() {
	d.observe(func(a *detect.Activity) { a.InUse, a.LastInput = false, instant() })
}

func (d *day) call(name string) {
	d.observe(func(a *detect.Activity) {
		a.Call = detect.Call{}
		if name != "" {
			a.Call = detect.Call{App: strings.ToLower(name), Name: name, Since: instant(), Apps: 1}
		}
	})
}

func (d *day) choose(s presence.Status, span time.Duration) {
	c := presence.Choice{Status: s}
	if span > 0 {
		c.Until = instant().Add(span)
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

func (d *day) sees(want string) {
	d.t.Helper()
	if p := d.server.User("self").Shown; p.Availability+"/"+p.Activity != want {
		d.t.Errorf("%s: colleagues see %s/%s, want %s (state: %+v)", time.Now().Format("15:04:05"), p.Availability, p.Activity, want, d.loop.State())
	}
}

// requests lists the times at which a Graph action was asked for since then.
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
		d.sees("Available/Available")
		d.pass(50 * time.Minute)
		d.sees("Available/Available")
		d.rest()
		d.pass(5*time.Minute - time.Nanosecond)
		d.sees("Available/Available")
		d.pass(time.Nanosecond)
		d.sees("Away/Away")
		d.pass(3 * time.Hour) // lunch, over several tokens' lives
		d.sees("Away/Away")
		d.input()
		d.sees("Available/Available")
		d.call("Zoom")
		d.sees("Busy/InACall")
		if m := d.server.User("self").StatusMessage; m == nil || m.Content != "On a Zoom call" {
			t.Errorf("status message %+v", m)
		}
		d.rest() // one listens without a hand on the keyboard
		d.pass(2 * time.Hour)
		d.sees("Busy/InACall")
		d.call("")
		d.sees("Away/Away")
		if m := d.server.User("self").StatusMessage; m != nil && m.Content != "" {
			t.Errorf("the message stayed: %+v", m)
		}
		d.input()
		d.observe(func(a *detect.Activity) { a.Locked = true })
		d.sees("Away/Away")
		d.observe(func(a *detect.Activity) { a.Locked = false })
		d.sees("Available/Available")
		d.observe(func(a *detect.Activity) { a.Asleep = true })
		d.sees("Offline/Offline")
		d.pass(14 * time.Hour)
		d.observe(func(a *detect.Activity) { a.Asleep, a.InUse, a.LastInput = false, true, instant() })
		d.sees("Available/Available")
		d.quit()
		d.sees("Offline/Offline")
		if n := len(d.server.User("self").Sessions); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
}

// TestKeepAlive holds the renewals to what each pair needs: Available fades
// after five minutes, everything else lasts until it expires.
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

func TestRetryAfterIsObeyed(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Second)
		d.fault(emu.Fault{Path: "/setPresence", Status: 429, RetryAfter: 90, Times: 1})
		asked := time.Now()
		d.call("Zoom")
		d.pass(30 * time.Second)
		d.rest() // news does not cut a server's wish short
		d.pass(60*time.Second - time.Nanosecond)
		if n := len(d.requests("/setPresence", asked)); n != 1 {
			t.Errorf("%d posts within the pause", n)
		}
		d.pass(time.Second)
		d.sees("Busy/InACall")
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
			t.Errorf("the trouble is told as %v since %v", s.Err, s.ErrSince)
		}
		// Graph saw the session expire; what is true now must come at once.
		d.sees("Offline/Offline")
		d.call("")
		d.pass(2 * time.Minute)
		d.sees("Available/Available")
		if s := d.loop.State(); s.Err != nil {
			t.Errorf("after the outage: %v", s.Err)
		}
	})
}

func TestNewsEndsABackoff(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Drop: true, For: emu.Duration(20 * time.Minute)})
		d.pass(20*time.Minute + time.Nanosecond)
		d.call("Zoom")
		d.sees("Busy/InACall")
	})
}

func TestLostAnswers(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "Presence", Lose: true, Times: 3})
		d.choose(presence.ChoseDND, time.Hour)
		d.pass(10 * time.Second)
		d.sees("DoNotDisturb/DoNotDisturb")
		d.fault(emu.Fault{Path: "clearUserPreferredPresence", Lose: true, Times: 2})
		d.choose(presence.Automatic, 0)
		d.pass(10 * time.Second)
		d.sees("Available/Available")
		if s := d.loop.State(); !s.Theirs.Zero() {
			t.Errorf("heliograph's own word is taken for the user's: %v", s.Theirs)
		}
	})
}

func TestRevokedSignInStopsQuietly(t *testing.T) {
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
		d.sees("Busy/InACall")
	})
}

func TestRefusedKindRestsAlone(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "setStatusMessage", Status: 403, Code: "Forbidden"})
		began := time.Now()
		d.call("Zoom")
		d.sees("Busy/InACall")
		d.pass(time.Hour)
		d.sees("Busy/InACall")
		// One refusal may be a mistake, and is tried again within seconds; what
		// is refused again and again rests ever longer.
		at := d.requests("/setStatusMessage", began)
		if len(at) < 2 || len(at) > 16 {
			t.Errorf("%d attempts in an hour at what is refused", len(at))
		}
		if late := d.requests("/setStatusMessage", began.Add(30*time.Minute)); len(late) > 3 {
			t.Errorf("%d attempts in the second half hour", len(late))
		}
	})
}

// TestOneRefusalIsNoRest: a 403 or 404 that comes once, as the screen locks or
// a call begins, costs seconds.
func TestOneRefusalIsNoRest(t *testing.T) {
	for _, status := range []int{400, 403, 404, 409} {
		simulate(t, office, func(d *day) {
			d.signIn()
			d.pass(time.Minute)
			d.fault(emu.Fault{Path: "/setPresence", Status: status, Times: 1})
			d.observe(func(a *detect.Activity) { a.Locked = true })
			d.pass(3 * time.Second)
			d.sees("Away/Away")
		})
	}
}

// TestRefusedTokenIsRefreshedSeldom: a clock that was set back makes MSAL hold
// a token for good that Graph no longer accepts. One refresh mends that; a
// Graph that accepts none is not asked with ever new ones, and ends no sign-in.
func TestRefusedTokenIsRefreshedSeldom(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Second)
		d.fault(emu.Fault{Path: "/setPresence", Status: 401, Code: "InvalidAuthenticationToken", Times: 1})
		d.call("Zoom")
		d.sees("Busy/InACall")
		d.pass(time.Second)
		d.fault(emu.Fault{Path: "/setPresence", Status: 401, Code: "InvalidAuthenticationToken", For: emu.Duration(8 * time.Hour)})
		began := time.Now()
		d.call("")
		d.pass(8 * time.Hour)
		// Tokens live for an hour, so eight of these are MSAL's own.
		if n := len(d.requests("/token", began)); n > 20 {
			t.Errorf("%d refreshes in eight hours for a token that is not accepted", n)
		}
		if n := len(d.requests("/setPresence", began)); n > 8*60*2 {
			t.Errorf("%d attempts in eight hours", n)
		}
		if s := d.loop.State(); Explain(s.Err).Key != "token" || !s.SignedIn {
			t.Errorf("the trouble is told as %v", s.Err)
		}
		d.pass(time.Minute)
		d.sees("Available/Available")
	})
}

// TestShort401: Graph accepts no token for three seconds.
func TestShort401(t *testing.T) {
	for name, f := range map[string]emu.Fault{
		"graph": {Status: 401}, "plain": {Status: 401, Code: "Unauthorized"}, "page": {Status: 401, Page: true},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(time.Minute)
				f.Path, f.For = "/v1.0/*/*/*/*", emu.Duration(3*time.Second)
				d.fault(f)
				d.call("Zoom")
				d.pass(10 * time.Second)
				d.sees("Busy/InACall")
				if s := d.loop.State(); s.Err != nil || !s.SignedIn {
					t.Errorf("afterwards: signed in %v, %v", s.SignedIn, s.Err)
				}
				d.quit()
				d.sees("Offline/Offline")
			})
		})
	}
}

// TestBadAnswersOfTheTokenEndpoint: only Entra's own refusal ends a sign-in.
// Whatever else answers there is a network that does not reach, which passes.
func TestBadAnswersOfTheTokenEndpoint(t *testing.T) {
	for name, f := range map[string]emu.Fault{
		"html_200": {Page: true}, "html_400": {Page: true, Status: 400}, "html_401": {Page: true, Status: 401}, "html_403": {Page: true, Status: 403},
		"html_404": {Page: true, Status: 404}, "html_503": {Page: true, Status: 503}, "json_400": {Status: 400}, "json_401": {Status: 401}, "json_429": {Status: 429},
		"json_500": {Status: 500}, "dropped": {Drop: true}, "lost": {Lose: true}, "disabled": {AADSTS: 7000112},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.choose(presence.ChoseDND, 0)
				d.pass(54 * time.Minute) // just before the token is refreshed
				f.Path, f.For = "/oauth2/v2.0/token", emu.Duration(8*time.Minute)
				d.fault(f)
				asked := time.Now()
				d.pass(10 * time.Minute)
				if n := len(d.requests("/token", asked)); n < 2 {
					t.Fatalf("%d requests for a token: nothing was tried", n)
				}
				s := d.loop.State()
				if !s.SignedIn || s.Err != nil {
					t.Fatalf("afterwards: signed in %v, %v", s.SignedIn, s.Err)
				}
				d.call("Zoom")
				d.sees("DoNotDisturb/DoNotDisturb")
				d.quit()
				d.sees("Offline/Offline")
				if u := d.server.User("self"); u.Preferred != nil || len(u.Sessions) != 0 {
					t.Errorf("quit left %+v", u)
				}
			})
		})
	}
}

// TestEntrasRefusalEndsASignIn is the other side: these need a person.
func TestEntrasRefusalEndsASignIn(t *testing.T) {
	for _, code := range []int{50173, 70008, 700082, 53003, 65001} {
		simulate(t, office, func(d *day) {
			d.signIn()
			d.pass(54 * time.Minute)
			d.fault(emu.Fault{Path: "/oauth2/v2.0/token", AADSTS: code, Times: 1})
			d.pass(6 * time.Minute)
			s := d.loop.State()
			var refused *SignInError
			if s.SignedIn || !errors.Is(s.Err, presence.ErrSignIn) || !errors.As(s.Err, &refused) || refused.AADSTS != code {
				t.Errorf("AADSTS%d: signed in %v, %v", code, s.SignedIn, s.Err)
			}
		})
	}
}
