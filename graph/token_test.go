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

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestRefusedTokenIsRefreshedSeldom: after a clock was set back, MSAL keeps a
// token that Graph no longer accepts. One refresh is enough. While Graph accepts
// no token at all, it is not refreshed again and again, and the sign-in stays.
func TestRefusedTokenIsRefreshedSeldom(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Second)
		d.fault(emu.Fault{Path: "/setPresence", Status: 401, Code: "InvalidAuthenticationToken", Times: 1})
		d.call("Zoom")
		d.shows("Busy/InACall")
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
			t.Errorf("the trouble is %v", s.Err)
		}
		d.pass(time.Minute)
		d.shows("Available/Available")
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
				d.shows("Busy/InACall")
				if s := d.loop.State(); s.Err != nil || !s.SignedIn {
					t.Errorf("afterwards: signed in %v, %v", s.SignedIn, s.Err)
				}
				d.quit()
				d.shows("Offline/Offline")
			})
		})
	}
}

// TestBadAnswersOfTheTokenEndpoint: only a refusal by Entra ends a sign-in. Every
// other answer is a failure of the network, which may pass.
func TestBadAnswersOfTheTokenEndpoint(t *testing.T) {
	for name, f := range map[string]emu.Fault{
		"html_200": {Page: true}, "html_400": {Page: true, Status: 400}, "html_401": {Page: true, Status: 401}, "html_403": {Page: true, Status: 403},
		"html_404": {Page: true, Status: 404}, "html_503": {Page: true, Status: 503}, "json_400": {Status: 400}, "json_401": {Status: 401}, "json_429": {Status: 429},
		"json_500": {Status: 500}, "dropped": {Drop: true}, "lost": {Lose: true}, "silent": {Delay: emu.Duration(time.Hour)}, "disabled": {AADSTS: 7000112},
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
				d.shows("DoNotDisturb/DoNotDisturb")
				d.quit()
				d.shows("Offline/Offline")
				if u := d.server.User("self"); u.Preferred != nil || len(u.Sessions) != 0 {
					t.Errorf("quit left %+v", u)
				}
			})
		})
	}
}

// TestEntrasRefusalEndsASignIn: after these refusals a person must sign in.
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

// TestOneRefusedTokenPathIsRefreshedSeldom: the success of other requests does
// not allow a refused one to refresh the token again.
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

// TestShortChallenge: Graph repeats a claims challenge for three seconds, as it
// may while the computer changes networks.
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
		d.shows("Busy/InACall")
	})
}

// TestChallengesHoursApart: a challenge in the morning, after which another status
// was wanted, and one in the evening are two short ones.
func TestChallengesHoursApart(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		for range 2 {
			d.pass(8 * time.Hour)
			d.proxy.answer(func(r *http.Request) *http.Response {
				if !strings.HasSuffix(r.URL.Path, "/setUserPreferredPresence") {
					return nil
				}
				return challenge(r)
			})
			d.choose(presence.ChoseDND, time.Minute)
			d.choose(presence.Automatic, 0)
			d.proxy.answer(nil)
			d.pass(10 * time.Second)
			if s := d.loop.State(); !s.SignedIn {
				t.Fatalf("a short challenge ended the sign-in: %v", s.Err)
			}
		}
	})
}

// TestFewerPermissions: Entra grants less than was asked for, which MSAL returns
// as an error. Entra is asked seldom, and the network is not blamed.
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
			t.Errorf("%d requests in three hours, error %v", n, s.Err)
		}
		d.proxy.answer(nil)
		d.pass(16 * time.Minute)
		d.shows("Available/Available")
	})
}

// TestMissingRefreshToken: the cache has an account and no refresh token for it;
// only a sign-in helps.
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

// TestOneChallengedPath: one action is challenged again and again, while others
// succeed. A person is asked in the end, and Entra is not flooded meanwhile.
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

// challenge returns an answer that demands new claims.
func challenge(r *http.Request) *http.Response {
	return respond(r, 401, "application/json", `{"error":{"code":"InvalidAuthenticationToken"}}`, "WWW-Authenticate",
		`Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxIn19fQ=="`)
}

// TestRefreshThatFails: Graph no longer accepts the token, and the first request
// for a new one fails. The next one follows at once.
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
		d.shows("Busy/InACall")
	})
}

// TestHalfAnAnswer: Entra's answer breaks off. That is a failure of the network,
// from which heliograph recovers as fast as from others.
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
			t.Errorf("the error is %v", s.Err)
		}
		d.pass(2 * time.Minute)
		d.shows("Available/Available")
	})
}
