//go:build unix

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/eclipse/paho.golang/packets"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// bytesSent collects what leaves heliograph in one way.
type bytesSent struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (c *bytesSent) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.Write(b)
}

func (c *bytesSent) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}

// microsoft is a proxy before the emulator, which notes all secrets that pass it,
// and quotes them in its answers while it misbehaves.
type microsoft struct {
	*httptest.Server
	mu      sync.Mutex
	secrets map[string]string // by value; what each is
	quotes  bool
	quoted  int // answers that quoted a token
}

func (m *microsoft) hasQuoted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.quoted > 0
}

// shortest is the length of the shortest value that counts as a secret: the
// emulator's are longer.
const shortest = 16

func (m *microsoft) note(what, value string) {
	if len(value) < shortest {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets[value] = what
	for i, part := range strings.Split(value, ".") { // of a JWT
		if len(part) >= 2*shortest && i > 0 {
			m.secrets[part] = what
		}
	}
}

// newMicrosoft starts a proxy before the emulator at target.
func newMicrosoft(t *testing.T, target string) *microsoft {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	m := &microsoft{secrets: map[string]string{}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u); r.Out.Host = r.In.Host },
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			var tokens map[string]any
			if json.Unmarshal(body, &tokens) == nil {
				for _, name := range []string{"access_token", "refresh_token", "id_token", "device_code"} {
					value, _ := tokens[name].(string)
					m.note(name, value)
				}
			}
			return err
		},
	}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		m.note("bearer token", bearer)
		if form, err := url.ParseQuery(string(body)); err == nil && strings.Contains(r.Header.Get("Content-Type"), "form") {
			for _, name := range []string{"code", "code_verifier", "refresh_token", "client_assertion"} {
				m.note(name, form.Get(name))
			}
		}
		m.mu.Lock()
		quotes := m.quotes
		if quotes && bearer != "" {
			m.quoted++
		}
		m.mu.Unlock()
		if quotes {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("WWW-Authenticate", `Bearer error="`+bearer+`"`)
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"error":{"code":%q,"message":%q}}`, bearer[:min(64, len(bearer))], bearer+string(body))
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *microsoft) misbehaves(yes bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.quotes = yes
}

// listeningBroker is a broker that accepts everything and notes what it gets.
func listeningBroker(t *testing.T, got io.Writer) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	serve := func(conn net.Conn) {
		defer conn.Close()
		in := io.TeeReader(conn, got)
		for {
			p, err := packets.ReadPacket(in)
			if err != nil {
				return
			}
			answer := packets.NewControlPacket(packets.PINGRESP)
			switch c := p.Content.(type) {
			case *packets.Connect:
				answer = packets.NewControlPacket(packets.CONNACK)
			case *packets.Publish:
				answer = packets.NewControlPacket(packets.PUBACK)
				answer.Content.(*packets.Puback).PacketID = c.PacketID
			case *packets.Disconnect:
				return
			}
			if _, err := answer.WriteTo(conn); err != nil {
				return
			}
		}
	}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return "mqtt://" + ln.Addr().String()
}

// TestNoSecretLeaves lives a day full of faults with everything logged and every
// outlet open, then looks for each token that was ever issued, and for the status
// message, in every file and in every byte that left the process.
func TestNoSecretLeaves(t *testing.T) {
	const message = "Negotiating the takeover of Fabrikam"
	p := newPerson(t, "1h")
	m := newMicrosoft(t, p.Emu.URL)
	var webhook, broker bytesSent
	hooked := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = r.Write(&webhook) }))
	t.Cleanup(hooked.Close)
	addSettings(t, p, m.URL, fmt.Sprintf(`[log]
level = "debug"
[hooks]
on_change = ["sh", "-c", "{ env; cat; } >>%s"]
[webhook]
url = %q
account = true
[mqtt]
broker = %q
`, filepath.Join(p.Dir, "hook.txt"), hooked.URL, listeningBroker(t, &broker)))
	monitor := lab.Start(t, nil, "dbus-monitor", "--session", "interface='org.freedesktop.Notifications'", "interface='org.kde.StatusNotifierItem'",
		"interface='com.canonical.dbusmenu'", "interface='org.freedesktop.DBus.Properties',path_namespace='/org/heliograph'", "interface='org.heliograph.Heliograph1'")
	p.Login()
	touch(t)
	app := p.Command("run")
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) == 1 })
	printed := faultyDay(t, p, m, message)
	app.Wait()

	m.mu.Lock()
	defer m.mu.Unlock()
	kinds := map[string]bool{}
	for _, what := range m.secrets {
		kinds[what] = true
	}
	for _, what := range []string{"refresh_token", "bearer token", "code", "code_verifier"} {
		if !kinds[what] {
			t.Errorf("the day had no %s: the test would find none", what)
		}
	}
	places := map[string]string{"webhook": webhook.String(), "broker": broker.String(), "the session bus": monitor.Output(), "terminal": printed + app.Output()}
	collectFiles(t, places, p.Dir)
	for _, dir := range p.Env {
		if name, path, _ := strings.Cut(dir, "="); name == "XDG_RUNTIME_DIR" {
			collectFiles(t, places, path)
		}
	}
	for place, text := range places {
		for secret, what := range m.secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds a %s", place, what)
			}
		}
		if strings.Contains(text, message) && filepath.Base(place) != "state.json" { // which keeps the choice
			t.Errorf("%s holds the status message", place)
		}
	}
	for _, place := range []string{"webhook", "broker", "the session bus", filepath.Join(p.Dir, "hook.txt"), filepath.Join(p.Dir, "heliograph", "heliograph.log")} {
		if len(places[place]) == 0 {
			t.Errorf("nothing was seen of %s", place)
		}
	}
	t.Logf("%d secrets in %d places", len(m.secrets), len(places))
}

// faultyDay has the person choose, and Microsoft fail in every way, and returns
// what the commands printed.
func faultyDay(t *testing.T, p *lab.Person, m *microsoft, message string) (printed string) {
	t.Helper()
	return faultyDayWith(t, p, m, message, func() {})
}

// faultyDayWith is faultyDay with something to do before heliograph quits.
func faultyDayWith(t *testing.T, p *lab.Person, m *microsoft, message string, last func()) (printed string) {
	t.Helper()
	run := func(args ...string) {
		c := p.Command(args...)
		c.Wait()
		printed += c.Output()
	}
	faults := []string{`{"status":401,"times":2}`, `{"status":403,"page":true,"times":2}`, `{"status":429,"retryAfter":1,"times":2}`, `{"status":500,"times":2}`,
		`{"path":"/oauth2/v2.0/token","status":400,"page":true,"times":2}`, `{"path":"/oauth2/v2.0/token","status":500,"times":2}`, `{"drop":true,"times":2}`}
	for i, fault := range faults {
		p.Emu.Post("faults", fault)
		run("set", []string{"busy", "dnd", "away"}[i%3], "--message", message)
		run("doctor")
	}
	m.misbehaves(true)
	run("set", "brb", "--message", message)
	run("auto")
	wait.Until(t, "an answer quotes the token", func() bool { return m.hasQuoted() })
	run("doctor")
	run("why")
	m.misbehaves(false)
	run("log")
	last()
	run("quit")
	return printed
}

// addSettings has the person's heliograph reach the emulator at another address,
// and adds to its settings.
func addSettings(t *testing.T, p *lab.Person, emulator, more string) {
	t.Helper()
	raw, err := os.ReadFile(p.Config)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), p.Emu.URL, emulator, 1) + more
	if err := os.WriteFile(p.Config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// collectFiles reads all files below a folder.
func collectFiles(t *testing.T, places map[string]string, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		places[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
