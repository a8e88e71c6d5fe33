package graph

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"heliograph/detect"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

func TestRefusedKindRestsAlone(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.fault(emu.Fault{Path: "setStatusMessage", Status: 403, Code: "Forbidden"})
		began := time.Now()
		d.call("Zoom")
		d.shows("Busy/InACall")
		d.pass(time.Hour)
		d.shows("Busy/InACall")
		// After one refusal, which may be a mistake, the request is repeated within
		// seconds; after each further one the pause doubles.
		at := d.requests("/setStatusMessage", began)
		if len(at) < 2 || len(at) > 16 {
			t.Errorf("%d attempts in an hour at a request that is refused", len(at))
		}
		if late := d.requests("/setStatusMessage", began.Add(30*time.Minute)); len(late) > 3 {
			t.Errorf("%d attempts in the second half hour", len(late))
		}
	})
}

// TestOneRefusalCostsSeconds: a single 403 or 404, as the screen locks or a call
// begins, delays presence by seconds.
func TestOneRefusalCostsSeconds(t *testing.T) {
	for _, status := range []int{400, 403, 404, 409} {
		simulate(t, office, func(d *day) {
			d.signIn()
			d.pass(time.Minute)
			d.fault(emu.Fault{Path: "/setPresence", Status: status, Times: 1})
			d.observe(func(a *detect.Activity) { a.Locked = true })
			d.pass(3 * time.Second)
			d.shows("Away/Away")
		})
	}
}

// TestBlockedPathStarvesNothing: a proxy blocks one request permanently. The
// others go on, and a choice in Teams is still read.
func TestBlockedPathStarvesNothing(t *testing.T) {
	for name, f := range map[string]emu.Fault{"page": {Page: true, Status: 403}, "graph": {Status: 403}, "token": {Status: 401}, "server": {Status: 503}, "drop": {Drop: true}} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(time.Minute)
				f.Path = "/setStatusMessage"
				d.fault(f)
				d.call("Zoom")
				d.pass(time.Minute)
				if s := d.loop.State(); name == "page" && Explain(s.Err).Key != "network" {
					t.Errorf("the page is returned as %v", s.Err)
				}
				d.chooseInTeams("DoNotDisturb")
				d.pass(20 * time.Minute)
				if s := d.loop.State(); s.Theirs != presence.PreferDoNotDisturb {
					t.Errorf("the choice in Teams is read as %v, %v ago", s.Theirs, time.Since(s.ShownAt))
				}
			})
		})
	}
}

// TestRefusedPairRestsAlone: Graph always refuses one pair; another one is sent
// at once.
func TestRefusedPairRestsAlone(t *testing.T) {
	policy := office
	policy.PresentWhenSharing = true
	simulate(t, policy, func(d *day) {
		d.signIn()
		d.proxy.answer(func(r *http.Request) *http.Response {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if !bytes.Contains(body, []byte("Presenting")) {
				return nil
			}
			return respond(r, 403, "application/json", `{"error":{"code":"Forbidden"}}`)
		})
		d.observe(func(a *detect.Activity) {
			a.Call = detect.Call{App: "zoom", Name: "Zoom", Since: instant(), Apps: 1, Sharing: true}
		})
		d.pass(time.Hour)
		d.observe(func(a *detect.Activity) { a.Call.Sharing = false })
		d.shows("Busy/InACall")
	})
}

// TestLostAnswerThenBack: the answer to a write is lost, and then the former
// presence is wanted again.
func TestLostAnswerThenBack(t *testing.T) {
	for _, path := range []string{"/setPresence", "/clearPresence"} {
		simulate(t, office, func(d *day) {
			d.signIn()
			d.pass(time.Minute)
			d.fault(emu.Fault{Path: path, Lose: true, Times: 1})
			away := func(on bool) {
				d.observe(func(a *detect.Activity) { a.Locked, a.Asleep = on, on && path == "/clearPresence" })
			}
			away(true)
			away(false)
			d.pass(20 * time.Second)
			d.shows("Available/Available")
		})
	}
}

// TestWholeOutage bounds the number of requests while everything fails in the
// same way for three hours, with a choice and a call's message to be set besides
// the session.
func TestWholeOutage(t *testing.T) {
	for name, c := range map[string]struct {
		fault emu.Fault
		first int // requests in the first minute
	}{
		"drop": {emu.Fault{Drop: true}, 17}, "server": {emu.Fault{Status: 503}, 17}, "page": {emu.Fault{Page: true, Status: 403}, 17},
		"portal": {emu.Fault{Page: true}, 17}, "token": {emu.Fault{Status: 401}, 17},
		// Each of the four kinds is refused and tried again on its own.
		"refused": {emu.Fault{Status: 403}, 28},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(time.Minute)
				f := c.fault
				f.Path = "/v1.0/*/*/presence*"
				d.fault(f)
				f.Path = "/v1.0/*/*/presence/*"
				d.fault(f)
				began := time.Now()
				d.call("Zoom")
				d.choose(presence.ChoseDND, 0)
				d.pass(time.Minute)
				if n := len(d.requests("", began)); n > c.first {
					t.Errorf("%d requests in the first minute", n)
				}
				began = time.Now()
				d.pass(3 * time.Hour)
				n := len(d.requests("", began))
				if n > 2*3*60 {
					t.Errorf("%d requests in three hours", n)
				}
				t.Logf("%d requests in three hours", n)
				d.server.ClearFaults()
				d.pass(16 * time.Minute)
				d.shows("DoNotDisturb/DoNotDisturb")
			})
		})
	}
}

// TestFlappingLockInAnOutage: an event makes heliograph try again, but does not
// reset the number of its tries.
func TestFlappingLockInAnOutage(t *testing.T) {
	for name, f := range map[string]emu.Fault{"server": {Status: 503}, "refused": {Status: 403}} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(time.Minute)
				d.fault(f)
				began := time.Now()
				for range 10 * 60 / 5 {
					d.observe(func(a *detect.Activity) { a.Locked = !a.Locked })
					d.pass(5 * time.Second)
				}
				if n := len(d.requests("", began)); n > 10*17 {
					t.Errorf("%d requests in ten minutes", n)
				}
			})
		})
	}
}

// TestRefusedSessionStarvesNothing: while every post of the session asks for a
// pause of everything, the other things have their turn first after each.
func TestRefusedSessionStarvesNothing(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.call("Zoom")
		d.pass(time.Second)
		if m := d.server.User("self").StatusMessage; m == nil || m.Content != "On a Zoom call" {
			t.Fatalf("in the call: %+v", m)
		}
		d.fault(emu.Fault{Path: "/setPresence", Status: 503, RetryAfter: emu.Seconds(27)})
		d.call("")
		d.pass(2 * time.Minute)
		if m := d.server.User("self").StatusMessage; m != nil && m.Content != "" {
			t.Errorf("after the call: %+v", m)
		}
	})
}

// TestWaitingForASessionIsQuiet: a preferred presence that is due to be renewed
// while there is no session, in sleep or because Microsoft refuses it, waits
// without waking up.
func TestWaitingForASessionIsQuiet(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(*day)
		most  int64
	}{
		"asleep":  {func(d *day) { d.observe(func(a *detect.Activity) { a.Asleep = true }) }, 8},
		"refused": {func(d *day) { d.fault(emu.Fault{Path: "/setPresence", Status: 403, Code: "Forbidden"}) }, 400},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.choose(presence.ChoseDND, 0)
				d.pass(time.Minute)
				c.begin(d)
				before := d.rounds.Load()
				d.pass(10 * time.Hour)
				if n := d.rounds.Load() - before; n > c.most {
					t.Errorf("%d rounds in ten hours, more than %d", n, c.most)
				}
			})
		})
	}
}
