package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// collector notes every secret that is sent or received.
type collector struct {
	next http.RoundTripper

	mu      sync.Mutex
	secrets map[string]bool
	latest  string // that was sent
}

func (c *collector) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), "Bearer "); ok {
		c.add(token)
	}
	for _, name := range []string{"refresh_token", "device_code", "client_secret", "client_assertion", "code", "code_verifier"} {
		if v := between("&"+string(body), "&"+name+"=", "&"); v != "" {
			c.add(v)
		}
	}
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(text))
	var in struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		ID      string `json:"id_token"`
	}
	if json.Unmarshal(text, &in) == nil && resp.StatusCode == http.StatusOK {
		c.receive(in.Access, in.Refresh, in.ID)
	}
	return resp, err
}

func (c *collector) add(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets[secret], c.latest = true, secret
}

func (c *collector) receive(secrets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range secrets {
		c.secrets[s] = true
	}
}

// output is what a log writes.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

// TestFaultyDayLeaksNothing: a day of faults, among them servers that quote what
// they are sent in every way, logged at level debug. No piece of a secret, and no
// status message, is in the log or in an error.
func TestFaultyDayLeaksNothing(t *testing.T) {
	for name, app := range map[string]*Application{"person": nil, "application": {User: emu.SelfID, SecretFile: secretFile(t, emu.AppSecret)}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { faultyDay(t, app) })
		})
	}
}

func faultyDay(t *testing.T, app *Application) {
	out := &output{}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := emu.New(emu.Options{TokenLife: 6 * time.Minute})
	d := &day{t: t, server: s, proxy: &proxy{next: s.Transport()}}
	way := &collector{next: d.proxy, secrets: map[string]bool{}}
	var err error
	if d.account, err = Open(Config{ClientID: emu.AppID, Tenant: emu.TenantID, Transport: way, Application: app, Log: log}, &MemoryVault{}); err != nil {
		t.Fatal(err)
	}
	policy := office
	policy.CallMessage = "Confidential: on a call with the board"
	d.loop = presence.New(presence.Options{Policy: policy, Log: log, Keep: func(s presence.Saved) { d.saved = s }, Zone: d.local, Jitter: func() float64 { return 0.5 }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { d.loop.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	d.input()
	if _, err := d.account.SignIn(t.Context(), Prompt{Device: func(c DeviceCode) { s.ApproveDevice(c.Code, "self") }}); err != nil {
		t.Fatal(err)
	}
	d.loop.SetService(d.account.Client())
	d.pass(time.Second)
	for _, how := range []string{"code", "code_middle", "request_id", "inner_request_id", "oauth_code", "oauth_request_id", "oauth_success", "challenge"} {
		for _, path := range []string{"/presence", "/token"} {
			d.proxy.answer(func(r *http.Request) *http.Response {
				if !strings.Contains(r.URL.Path, path) {
					return nil
				}
				way.mu.Lock()
				secret := way.latest
				way.mu.Unlock()
				w := httptest.NewRecorder()
				quoting(secret, how)(w)
				return w.Result()
			})
			d.call("Zoom")
			d.pass(7 * time.Minute) // the token is refreshed meanwhile
			err := d.loop.State().Err
			fmt.Fprintln(out, err, Explain(err).Args)
			if _, err := d.account.Client().Shown(t.Context()); err != nil {
				fmt.Fprintf(out, "%v %+v\n", err, Explain(err))
			}
			d.call("")
			d.proxy.answer(nil)
			d.pass(20 * time.Minute)
		}
	}
	if st := d.loop.State(); st.Err != nil {
		t.Errorf("at the end of the day: %v", st.Err)
	}
	text := out.text.String()
	if !strings.Contains(text, redacted) || len(way.secrets) < 10 {
		t.Errorf("nothing was quoted, or only %d secrets were used", len(way.secrets))
	}
	for secret := range way.secrets {
		for i := 0; i+quotePiece <= len(secret); i++ {
			if at := strings.Index(text, secret[i:i+quotePiece]); at >= 0 {
				t.Fatalf("a secret is in %q", text[max(0, at-80):min(len(text), at+80)])
			}
		}
	}
	if strings.Contains(text, "Confidential") {
		t.Error("the status message is in the log")
	}
}
