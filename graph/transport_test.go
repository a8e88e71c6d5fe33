package graph

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// redirector is a proxy that answers requests for one path with a redirect, and
// records every request that follows it.
type redirector struct {
	proxy
	path     string // a piece of the path that is redirected
	answered int
	followed []string // what arrived where the redirect leads
}

func newRedirector(next http.RoundTripper, path, to string, status int) *redirector {
	d := &redirector{proxy: proxy{next: next}, path: path}
	d.answer(func(r *http.Request) *http.Response {
		switch {
		case strings.HasPrefix(to, r.URL.Scheme+"://"+r.URL.Host+"/"):
			d.followed = append(d.followed, r.Method+" "+r.URL.String())
			return respond(r, http.StatusOK, "text/html", "")
		case strings.Contains(r.URL.Path, d.path):
			d.answered++
			return respond(r, status, "text/html", "", "Location", to)
		}
		return nil
	})
	return d
}

// TestNoRedirectIsFollowed: neither the refresh token nor the access token is
// sent to another address, another port, a sub-domain or over plain http, and a
// 200 from there is not a success.
func TestNoRedirectIsFollowed(t *testing.T) {
	for _, path := range []string{"/oauth2/v2.0/token", "/setPresence"} {
		for _, to := range []string{"http://attacker.example/x", "https://attacker.example/x", "http://graph.heliograph.test/x",
			"https://graph.heliograph.test:8443/x", "https://x.graph.heliograph.test/x"} {
			for _, status := range []int{301, 302, 303, 307, 308} {
				// A token with so short a life is refreshed before each
				// request.
				s := emu.New(emu.Options{TokenLife: time.Minute})
				r := newRedirector(s.Transport(), "no path yet", to, status)
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
				var refused *redirectError
				if !errors.As(err, &refused) || refused.Status != status || errors.Is(err, presence.ErrSignIn) || errors.Is(err, presence.ErrRefused) {
					t.Errorf("%s, %d to %s: %v", path, status, to, err)
				}
				if r.answered != 1 || len(r.followed) != 0 {
					t.Errorf("%s, %d to %s: %d requests, followed by %q", path, status, to, r.answered, r.followed)
				}
				if err != nil && strings.Contains(err.Error(), "attacker") || Explain(err).Key != "redirected" {
					t.Errorf("%s: %v, explained as %s", path, err, Explain(err).Key)
				}
			}
		}
	}
}

// TestRedirectOverRealConnections is the same with the real transport: one
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
	var refused *redirectError
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

// TestSignInIsNotRedirected: the same for the discovery of Entra's addresses and
// for the device code.
func TestSignInIsNotRedirected(t *testing.T) {
	for _, path := range []string{"openid-configuration", "/devicecode"} {
		s := emu.New(emu.Options{})
		r := newRedirector(s.Transport(), path, "https://attacker.example/x", 307)
		a, err := Open(Config{ClientID: emu.AppID, Transport: r}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.SignIn(t.Context(), Prompt{Device: func(DeviceCode) {}})
		var refused *redirectError
		if !errors.As(err, &refused) || len(r.followed) != 0 {
			t.Errorf("%s: %v, followed by %q", path, err, r.followed)
		}
	}
}

// TestErrorsQuoteNoServer: a server sends our own secrets back as the status of
// its answer. They must not get into an error, and so into the log.
func TestErrorsQuoteNoServer(t *testing.T) {
	const secret = "refresh_token=emr.SECRET"
	for name, answer := range map[string]string{
		"status":  "HTTP/1.1 " + secret + "\r\n\r\n",
		"version": secret + "\r\n\r\n",
		"header":  "HTTP/1.1 200 OK\r\n" + secret + " x\r\n\r\n",
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n",
		"coding":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n",
		"chunk":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + secret + "\r\n",
		"reason":  "HTTP/1.1 500 " + secret + "\r\nContent-Length: 0\r\n\r\n",
		"code":    "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n{\"error\":{\"code\":\"" + secret + "\"}}",
		"moved":   "HTTP/1.1 307 Moved\r\nLocation: http://" + secret + "\r\nContent-Length: 0\r\n\r\n",
		"closed":  "",
	} {
		t.Run(name, func(t *testing.T) {
			c := (&scripted{}).client(t)
			c.base = "http://" + hostile(t, answer)
			c.http = newHTTP(newTransport())
			for what, err := range map[string]error{"write": c.SetPresence(t.Context(), presence.Away, time.Hour), "read": func() error { _, err := c.Shown(t.Context()); return err }()} {
				if err == nil && what == "read" {
					t.Errorf("%s: %q is taken for an answer", what, answer)
				}
				if err != nil && strings.Contains(err.Error(), "SECRET") {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// hostile sends the same bytes to every connection, and closes it.
func hostile(t *testing.T, answer string) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(conn)) // whatever it is
			_, _ = io.WriteString(conn, answer)
			conn.Close()
		}
	})
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

// TestNetworkErrorsNameTheirCause: an error still says what a person or an
// administrator needs to know of a failure.
func TestNetworkErrorsNameTheirCause(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	defer refusing.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	defer untrusted.Close()
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // it sees the handshake fail
	untrusted.StartTLS()
	closed := httptest.NewServer(nil)
	closed.Close()
	through := func(proxy string) func(*http.Transport) {
		return func(tr *http.Transport) {
			tr.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
		}
	}
	for name, c := range map[string]struct {
		base string
		set  func(*http.Transport)
		want string
	}{
		"refused":       {closed.URL, nil, "dial tcp 127.0.0.1:"},
		"proxy":         {"https://graph.example", through(refusing.URL), "the proxy answers 407"},
		"proxy refused": {"https://graph.example", through(closed.URL), "proxyconnect tcp: dial tcp"},
		"certificate":   {untrusted.URL, nil, "certificate signed by unknown authority"},
		"no TLS":        {strings.Replace(refusing.URL, "http:", "https:", 1), nil, "server gave HTTP response to HTTPS client"},
		"no host":       {"https://graph.invalid", nil, "lookup graph.invalid"},
	} {
		tr := newTransport()
		if c.set != nil {
			c.set(tr)
		}
		client := (&scripted{}).client(t)
		client.base, client.http = c.base, newHTTP(tr)
		err := client.SetPresence(t.Context(), presence.Away, time.Hour)
		if err == nil || !strings.Contains(err.Error(), c.want) || Explain(err).Key != "network" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEntrasSuccesses: MSAL gets each success that Entra documents, and nothing
// else.
func TestEntrasSuccesses(t *testing.T) {
	for body, want := range map[string]bool{
		`{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ0"}`:                              true,
		`{"user_code":"A","device_code":"B","expires_in":900}`:                                         true,
		`{"token_endpoint":"https://login.microsoftonline.com/common/oauth2/v2.0/token","issuer":"x"}`: true,
		// https://login.microsoftonline.com/common/discovery/instance
		`{"tenant_discovery_endpoint":"https://login.microsoftonline.com/common/.well-known/openid-configuration","api-version":"1.1","metadata":[]}`: true,
		`{"error":"authorization_pending"}`: false, `{}`: false, "": false, `"access_token"`: false, `{"access_token":""}`: false,
		`{"access_token":"a"}{`: false, `{"access_token":["a"]}`: false, page: false,
	} {
		g := newHTTP(&proxy{decide: func(r *http.Request) *http.Response { return respond(r, 200, "application/json", body) }})
		resp, err := g.Get("https://login.example/")
		if (err == nil) != want || !want && !errors.Is(err, errNotEntra) {
			t.Errorf("%s: %v", body, err)
		}
		if err != nil {
			continue
		}
		if raw, err := io.ReadAll(resp.Body); err != nil || string(raw) != body {
			t.Errorf("%s becomes %s, %v", body, raw, err)
		}
		resp.Body.Close()
	}
}

// TestTokensGoOnlyToMicrosoft: an answer that names Entra's addresses cannot lead
// MSAL elsewhere.
func TestTokensGoOnlyToMicrosoft(t *testing.T) {
	for cloud, graph := range map[string]string{"global": "graph.microsoft.com", "usgov-l4": "graph.microsoft.us", "usgov-l5": "dod-graph.microsoft.us"} {
		a, err := Open(Config{ClientID: emu.AppID, Cloud: cloud}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		only := a.http.Transport.(guard).next.(microsoftOnly)
		reached := 0
		only.next = &proxy{decide: func(r *http.Request) *http.Response { reached++; return respond(r, 200, "", "") }}
		try := func(address string) error {
			r, err := http.NewRequest("POST", address, strings.NewReader("refresh_token=x"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = only.RoundTrip(r)
			return err
		}
		for _, good := range []string{"https://" + graph + "/v1.0", "https://login.microsoftonline.com/x", "https://login.microsoftonline.us/x"} {
			if err := try(good); err != nil {
				t.Errorf("%s: %v", good, err)
			}
		}
		if reached != 3 {
			t.Errorf("%d of 3 requests got through", reached)
		}
		for _, bad := range []string{"http://login.microsoftonline.com/x", "https://login.microsoftonline.com:8443/x", "https://attacker.example/x", "https://login.microsoftonline.com.attacker.example/x",
			"https://login.microsoftonline.com@attacker.example/x", "http://" + graph + "/", "https://x." + graph + "/", "https://LOGIN.microsoftonline.com./x", "ftp://" + graph, "https://127.0.0.1/"} {
			if err := try(bad); err == nil {
				t.Errorf("%s is reached", bad)
			}
		}
		if reached != 3 {
			t.Errorf("%d requests reached other servers", reached-3)
		}
	}
}

// count counts what is read of a body that is longer than any answer.
type count struct{ read int }

func (c *count) Read(p []byte) (int, error) { c.read += len(p); return len(p), nil }
func (c *count) Close() error               { return nil }

// TestAnswerIsBounded: an answer of the longest length is read whole, and of a
// longer one not more than a byte beyond.
func TestAnswerIsBounded(t *testing.T) {
	longest := &bounded{body: io.NopCloser(strings.NewReader(strings.Repeat("x", maxAnswer))), left: maxAnswer}
	if raw, err := io.ReadAll(longest); err != nil || len(raw) != maxAnswer {
		t.Errorf("the longest answer: %d bytes, %v", len(raw), err)
	}
	endless := &count{}
	raw, err := io.ReadAll(&bounded{body: endless, left: maxAnswer})
	if !errors.Is(err, errTooLong) || len(raw) != maxAnswer || endless.read != maxAnswer+1 {
		t.Errorf("an endless answer: %d bytes of %d that were read, %v", len(raw), endless.read, err)
	}
}
