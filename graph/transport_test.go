package graph

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// redirector answers requests for one path with a redirect, and books every
// request that follows it.
type redirector struct {
	next   http.RoundTripper
	path   string // a piece of the path that is redirected
	status int
	to     string

	mu       sync.Mutex
	answered int
	followed []string // what arrived where the redirect leads
}

func (r *redirector) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := httptest.NewRecorder()
	switch target := req.URL.Scheme + "://" + req.URL.Host; {
	case strings.HasPrefix(r.to, target+"/"):
		r.followed = append(r.followed, req.Method+" "+req.URL.String())
		w.WriteHeader(http.StatusOK)
	case strings.Contains(req.URL.Path, r.path):
		r.answered++
		w.Header().Set("Location", r.to)
		w.WriteHeader(r.status)
	default:
		return r.next.RoundTrip(req)
	}
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// TestNoRedirectIsFollowed: neither the refresh token nor the access token
// leaves for another address, another port, a sub-domain or plain http, and no
// foreign 200 is taken for success.
func TestNoRedirectIsFollowed(t *testing.T) {
	for _, path := range []string{"/oauth2/v2.0/token", "/setPresence"} {
		for _, to := range []string{"http://attacker.example/x", "https://attacker.example/x", "http://graph.heliograph.test/x",
			"https://graph.heliograph.test:8443/x", "https://x.graph.heliograph.test/x"} {
			for _, status := range []int{301, 302, 303, 307, 308} {
				// A token this short-lived is refreshed before each request.
				s := emu.New(emu.Options{TokenLife: time.Minute})
				r := &redirector{next: s.Transport(), path: "no path yet", status: status, to: to}
				a, err := Open(Config{ClientID: emu.AppID, Transport: r}, &MemoryVault{})
				if err != nil {
					t.Fatal(err)
				}
				approve := func(c DeviceCode) { s.ApproveDevice(c.Code, "self") }
				if _, err := a.SignIn(t.Context(), Prompt{Device: approve}); err != nil {
					t.Fatal(err)
				}
				r.path = path
				err = a.Client().SetPresence(t.Context(), presence.Away, time.Hour)
				var refused *RedirectError
				if !errors.As(err, &refused) || refused.Status != status || errors.Is(err, presence.ErrSignIn) || errors.Is(err, presence.ErrRefused) {
					t.Errorf("%s, %d to %s: %v", path, status, to, err)
				}
				if r.answered != 1 || len(r.followed) != 0 {
					t.Errorf("%s, %d to %s: %d requests, followed by %q", path, status, to, r.answered, r.followed)
				}
				if err != nil && strings.Contains(err.Error(), "attacker") || Explain(err).Key != "redirected" {
					t.Errorf("%s: told as %v, explained as %s", path, err, Explain(err).Key)
				}
			}
		}
	}
}

// TestRedirectOverRealConnections repeats it with the real transport: one
// server, two ports, TLS and plain http.
func TestRedirectOverRealConnections(t *testing.T) {
	var stolen []string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stolen = append(stolen, r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	calls := 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	s := &scripted{}
	c := s.client(t)
	c.http, c.base = newHTTP(srv.Client().Transport), srv.URL+"/v1.0"
	var refused *RedirectError
	if err := c.SetPresence(t.Context(), presence.Away, time.Hour); !errors.As(err, &refused) {
		t.Errorf("setPresence: %v", err)
	}
	if _, err := c.Shown(t.Context()); !errors.As(err, &refused) {
		t.Errorf("GET presence: %v", err)
	}
	if calls != 2 || len(stolen) != 0 {
		t.Errorf("%d requests, %d of them followed with %q", calls, len(stolen), stolen)
	}
}

// TestSignInIsNotRedirected: the discovery of Entra's addresses and the device
// code are refused alike.
func TestSignInIsNotRedirected(t *testing.T) {
	for _, path := range []string{"openid-configuration", "/devicecode"} {
		s := emu.New(emu.Options{})
		r := &redirector{next: s.Transport(), path: path, status: 307, to: "https://attacker.example/x"}
		a, err := Open(Config{ClientID: emu.AppID, Transport: r}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.SignIn(t.Context(), Prompt{Device: func(DeviceCode) {}})
		var refused *RedirectError
		if !errors.As(err, &refused) || len(r.followed) != 0 {
			t.Errorf("%s: %v, followed by %q", path, err, r.followed)
		}
	}
}
