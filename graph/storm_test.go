package graph

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"heliograph/graph/emu"
)

// TestClaimsLoop: each answer of Graph demands other claims, and no token meets
// them. After two minutes a person is asked; an application, which has nobody to
// ask, goes on trying, seldom.
func TestClaimsLoop(t *testing.T) {
	for name, app := range map[string]*Application{"person": nil, "application": {User: emu.SelfID, SecretFile: secretFile(t, emu.AppSecret)}} {
		t.Run(name, func(t *testing.T) {
			simulateAs(t, app, office, func(d *day) {
				if app == nil {
					d.signIn()
				} else if _, err := d.account.SignIn(d.t.Context(), Prompt{}); err != nil {
					t.Fatal(err)
				} else {
					d.loop.SetService(d.account.Client())
				}
				d.pass(time.Minute)
				var seen atomic.Int32
				d.proxy.answer(func(r *http.Request) *http.Response {
					if !strings.Contains(r.URL.Path, "/presence") {
						return nil
					}
					claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"x":{"value":"%s"}}}`, seen.Add(1), strings.Repeat("x", 4000))
					return respond(r, 401, "application/json", `{"error":{"code":"InvalidAuthenticationToken"}}`, "WWW-Authenticate",
						`Bearer error="insufficient_claims", claims="`+base64.StdEncoding.EncodeToString([]byte(claims))+`"`)
				})
				began := time.Now()
				d.call("Zoom")
				d.pass(time.Minute)
				demands, asked := int(seen.Load()), len(d.requests("/token", began))
				t.Logf("first minute: %d requests to Graph, %d to Entra", demands, asked)
				if demands > 2*17 || asked > 17 { // two for each try; see TestWholeOutage
					t.Errorf("first minute: %d requests to Graph, %d to Entra", demands, asked)
				}
				d.pass(2 * time.Minute)
				before := int(seen.Load())
				began = time.Now()
				d.pass(3 * time.Hour)
				demands, asked = int(seen.Load())-before, len(d.requests("/token", began))
				t.Logf("three hours later: %d requests to Graph, %d to Entra", demands, asked)
				s := d.loop.State()
				if app == nil && (s.SignedIn || demands+asked != 0) {
					t.Errorf("signed in %v after %d and %d requests of a session that needs a person: %v", s.SignedIn, demands, asked, s.Err)
				}
				if app != nil && (!s.SignedIn || demands > 4*3*60 || asked > 2*3*60) {
					t.Errorf("signed in %v after %d requests to Graph and %d to Entra in three hours: %v", s.SignedIn, demands, asked, s.Err)
				}
			})
		})
	}
}

// TestEveryRetryAfter: whatever pause 429 and 503 ask for, in whatever form, there
// is no storm, and heliograph is back within an hour of the end.
func TestEveryRetryAfter(t *testing.T) {
	for header, c := range map[string]struct {
		first, hour int           // at most so many requests in the first minute, and in the hour after
		back        time.Duration // at most so long after the end
	}{
		"":                               {17, 60 * 2, time.Minute},
		"0":                              {17, 60 * 2, time.Minute},
		"-1":                             {17, 60 * 2, time.Minute},
		"soon":                           {17, 60 * 2, time.Minute},
		"1.5":                            {17, 60 * 2, time.Minute},
		"Mon, 01 Jan 1990 00:00:00 GMT":  {17, 60 * 2, time.Minute},
		"Sat, 01 Jan 2000 00:10:00 GMT":  {1, 60 * 2, 10 * time.Minute}, // a bubble begins at 00:00
		"30":                             {2, 60 * 2, 31 * time.Second},
		"86400":                          {1, 1, time.Hour},
		"99999999999999999999":           {1, 1, time.Hour},
		"Fri, 31 Dec 9999 23:59:59 GMT":  {1, 1, time.Hour},
		"Friday, 31-Dec-99 23:59:59 GMT": {17, 60 * 2, time.Minute}, // two digits: 1999
	} {
		for _, status := range []int{429, 503} {
			simulate(t, office, func(d *day) {
				d.signIn()
				d.pass(time.Second)
				var seen atomic.Int32
				d.proxy.answer(func(r *http.Request) *http.Response {
					if !strings.Contains(r.URL.Path, "/presence") {
						return nil
					}
					seen.Add(1)
					return respond(r, status, "application/json", `{"error":{"code":"TooManyRequests"}}`, "Retry-After", header, "Date", time.Now().UTC().Format(http.TimeFormat))
				})
				d.call("Zoom")
				d.pass(time.Minute - time.Nanosecond)
				first := int(seen.Load())
				d.pass(time.Hour)
				hour := int(seen.Load()) - first
				if first < 1 || first > c.first || hour > c.hour {
					t.Errorf("%d with %q: %d requests in the first minute, %d in the hour after", status, header, first, hour)
				}
				d.proxy.answer(nil)
				d.pass(c.back)
				d.shows("Busy/InACall")
			})
		}
	}
}

// TestRedirectsForHours: every answer leads to itself, or elsewhere, for hours.
func TestRedirectsForHours(t *testing.T) {
	for _, status := range []int{301, 302, 303, 304, 307, 308} {
		simulate(t, office, func(d *day) {
			d.signIn()
			d.pass(time.Minute)
			var seen atomic.Int32
			d.proxy.answer(func(r *http.Request) *http.Response {
				seen.Add(1)
				return respond(r, status, "text/html", "", "Location", r.URL.String())
			})
			d.call("Zoom")
			d.pass(time.Minute)
			first := int(seen.Load())
			d.pass(3 * time.Hour)
			if n := int(seen.Load()) - first; first > 17 || n > 2*3*60 {
				t.Errorf("%d: %d requests in the first minute, %d in three hours", status, first, n)
			}
			if s := d.loop.State(); !s.SignedIn || s.Err == nil {
				t.Errorf("%d: signed in %v, %v", status, s.SignedIn, s.Err)
			}
			d.proxy.answer(nil)
			d.pass(time.Minute)
			d.shows("Busy/InACall")
		})
	}
}
