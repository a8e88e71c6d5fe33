package graph

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
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

// TestOneRefusalCostsSeconds: a 403 or 404 that comes once, as the screen locks or
// a call begins, costs seconds.
func TestOneRefusalCostsSeconds(t *testing.T) {
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

// TestBlockedPathStarvesNothing: a proxy blocks one request for good. The
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
					t.Errorf("the page is told as %v", s.Err)
				}
				d.picks("DoNotDisturb")
				d.pass(20 * time.Minute)
				if s := d.loop.State(); s.Theirs != presence.PreferDoNotDisturb {
					t.Errorf("the choice in Teams is read as %v, %v ago", s.Theirs, time.Since(s.ShownAt))
				}
			})
		})
	}
}

// TestOneRefusedTokenPathIsRefreshedSeldom: the successes of other requests do
// not make a refused one refresh the token again.
func TestOneRefusedTokenPathIsRefreshedSeldom(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Minute)
		d.fault(emu.Fault{Path: "/setUserPreferredPresence", Status: 401})
		began := time.Now()
		d.choose(presence.ChoseDND, 0)
		d.pass(8 * time.Hour)
		if n := len(d.requests("/token", began)); n > 20 {
			t.Errorf("%d refreshes in eight hours", n)
		}
		if n := len(d.requests("/setUserPreferredPresence", began)); n > 8*60*2 {
			t.Errorf("%d attempts in eight hours", n)
		}
	})
}

// TestRefusedPairRestsAlone: Graph refuses one pair for good; the next one is
// sent at once.
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
		d.sees("Busy/InACall")
	})
}

// TestLostAnswerThenBack: the answer to a write is lost, and what is wanted is
// again what was there before.
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
			d.sees("Available/Available")
		})
	}
}

// TestShortChallenge: Graph repeats a claims challenge for three seconds, as it
// may while a machine changes networks.
func TestShortChallenge(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Minute)
		until := time.Now().Add(3 * time.Second)
		d.proxy.answer(func(r *http.Request) *http.Response {
			if !strings.HasSuffix(r.URL.Path, "/setPresence") || !time.Now().Before(until) {
				return nil
			}
			return challenge(r)
		})
		d.call("Zoom")
		d.pass(10 * time.Second)
		d.sees("Busy/InACall")
	})
}

// TestFewerPermissions: Entra grants less than was asked for, which MSAL takes
// for an error. It is asked seldom, and nobody is told of a network.
func TestFewerPermissions(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(54 * time.Minute)
		d.proxy.answer(func(r *http.Request) *http.Response {
			if !strings.HasSuffix(r.URL.Path, "/token") {
				return nil
			}
			resp, err := d.server.Transport().RoundTrip(r)
			if err != nil {
				d.t.Error(err)
				return nil
			}
			body, _ := io.ReadAll(resp.Body)
			less := strings.ReplaceAll(string(body), "Presence.Read ", "")
			resp.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(less, ` Presence.Read"`, `"`)))
			return resp
		})
		began := time.Now()
		d.pass(3 * time.Hour)
		s := d.loop.State()
		if n := len(d.requests("/token", began)); n < 2 || n > 80 || Explain(s.Err).Key != "token" {
			t.Errorf("%d requests in three hours, told as %v", n, s.Err)
		}
		d.proxy.answer(nil)
		d.pass(16 * time.Minute)
		d.sees("Available/Available")
	})
}

// TestMissingRefreshToken: the cache names somebody and cannot get a token for
// them; only a sign-in helps.
func TestMissingRefreshToken(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Minute)
		cache := d.account.cache
		cache.mu.Lock()
		cache.bytes = bytes.ReplaceAll(cache.bytes, []byte(`"RefreshToken":{`), []byte(`"RefreshToken":{},"Former":{`))
		cache.mu.Unlock()
		began := time.Now()
		d.pass(2 * time.Hour)
		if s := d.loop.State(); s.SignedIn || Explain(s.Err).Key != "signed-out" || len(d.requests("/token", began)) != 0 {
			t.Errorf("signed in %v, %v, %d requests for a token", s.SignedIn, s.Err, len(d.requests("/token", began)))
		}
	})
}

// TestWholeOutage bounds the requests while everything fails alike for three
// hours, with a choice and a call's message to be set besides the session.
func TestWholeOutage(t *testing.T) {
	for name, c := range map[string]struct {
		fault emu.Fault
		first int // requests in the first minute
	}{
		"drop": {emu.Fault{Drop: true}, 17}, "server": {emu.Fault{Status: 503}, 17}, "page": {emu.Fault{Page: true, Status: 403}, 17}, "token": {emu.Fault{Status: 401}, 17},
		// Each of the four kinds is refused for itself, and tried again for itself.
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
				d.sees("DoNotDisturb/DoNotDisturb")
			})
		})
	}
}

// TestFlappingLockInAnOutage: news makes heliograph try again, and does not
// make it forget how often it has tried.
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

// TestOneChallengedPath: only one action is challenged, again and again, while
// others succeed. A person is asked in the end, and Entra not meanwhile.
func TestOneChallengedPath(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.choose(presence.ChoseBusy, 0)
		d.pass(time.Minute)
		d.proxy.answer(func(r *http.Request) *http.Response {
			if !strings.HasSuffix(r.URL.Path, "/clearUserPreferredPresence") {
				return nil
			}
			return challenge(r)
		})
		began := time.Now()
		d.choose(presence.Automatic, 0)
		d.pass(10 * time.Minute)
		if s := d.loop.State(); s.SignedIn || len(d.requests("/token", began)) > 20 {
			t.Errorf("signed in %v, %v, %d requests for a token", s.SignedIn, s.Err, len(d.requests("/token", began)))
		}
	})
}

// challenge is an answer that asks for new claims.
func challenge(r *http.Request) *http.Response {
	return respond(r, 401, "application/json", `{"error":{"code":"InvalidAuthenticationToken"}}`, "WWW-Authenticate",
		`Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxIn19fQ=="`)
}

// TestRefreshThatFails: Graph takes the token no longer, and the next one does
// not arrive at first. It is asked for again at once.
func TestRefreshThatFails(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Minute)
		d.fault(emu.Fault{Path: "/token", Drop: true, For: emu.Duration(3 * time.Second)})
		refreshed := false
		d.proxy.answer(func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/token") {
				refreshed = time.Since(d.desk.LastInput) > time.Minute+3*time.Second
			} else if !refreshed {
				return respond(r, 401, "application/json", `{"error":{"code":"InvalidAuthenticationToken"}}`)
			}
			return nil
		})
		d.call("Zoom")
		d.pass(15 * time.Second)
		d.sees("Busy/InACall")
	})
}

// TestHalfAnAnswer: what Entra sends breaks off. That is the network's, and
// passes as fast.
func TestHalfAnAnswer(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(54 * time.Minute)
		until := time.Now().Add(10 * time.Minute)
		d.proxy.answer(func(r *http.Request) *http.Response {
			if !strings.HasSuffix(r.URL.Path, "/token") || !time.Now().Before(until) {
				return nil
			}
			resp := respond(r, 200, "application/json", "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"access_token":"emu`), iotest.ErrReader(io.ErrUnexpectedEOF)))
			return resp
		})
		d.pass(9 * time.Minute)
		if s := d.loop.State(); Explain(s.Err).Key != "network" {
			t.Errorf("told as %v", s.Err)
		}
		d.pass(2 * time.Minute)
		d.sees("Available/Available")
	})
}
