package graph

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// route is the way to Microsoft over real sockets, on which something can answer
// in place of Graph ("/presence") or of Entra ("/token").
type route struct {
	t       *testing.T
	server  *emu.Server
	front   *httptest.Server
	account *Account
	bad     atomic.Pointer[badRoute]
}

type badRoute struct {
	path   string // a piece of the path of the requests that it answers; empty: all
	answer http.HandlerFunc
}

// shortTimeout is the deadline of an exchange on a bad route in most of these tests:
// whether a request gets so far in that time does not matter to them.
// TestEveryExchangeHasADeadline holds the real one.
const shortTimeout = 150 * time.Millisecond

// newRoute signs a person in over real sockets. Their token is so short that each
// request first refreshes it.
func newRoute(t *testing.T) *route {
	t.Helper()
	r := &route{t: t, server: emu.New(emu.Options{TokenLife: time.Minute})}
	r.front = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.front.Close)
	var err error
	if r.account, err = Open(Config{ClientID: emu.AppID, Emulator: r.front.URL}, &MemoryVault{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.account.SignIn(t.Context(), Prompt{Device: func(c DeviceCode) { r.server.ApproveDevice(c.Code, "self") }}); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *route) serve(w http.ResponseWriter, in *http.Request) {
	if bad := r.bad.Load(); bad != nil && strings.Contains(in.URL.Path, bad.path) {
		bad.answer(w, in)
		return
	}
	out := in.Clone(in.Context())
	out.URL.Scheme, out.URL.Host = "https", "login.heliograph.test"
	resp, err := r.server.Transport().RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // the client may be gone
}

// breaks makes the route bad, tries everything that heliograph asks for, checks
// that the outcome of each is unknown, and that each works again afterwards.
func (r *route) breaks(what string, answer http.HandlerFunc) {
	r.t.Helper()
	for _, path := range []string{"/presence", "/token"} {
		r.bad.Store(&badRoute{path, answer})
		r.tryAll(what + " at " + path)
		r.bad.Store(nil)
	}
	r.works(what)
}

func (r *route) tryAll(what string) {
	r.t.Helper()
	defer func(real time.Duration) { r.account.http.Timeout = real }(r.account.http.Timeout)
	r.account.http.Timeout = shortTimeout
	c := r.account.Client()
	_, err := c.Shown(r.t.Context())
	for call, err := range map[string]error{"a write": c.SetPresence(r.t.Context(), presence.Away, time.Hour), "a read": err} {
		unknownOutcome(r.t, what+": "+call, err)
	}
}

func (r *route) works(what string) {
	r.t.Helper()
	c := r.account.Client()
	if err := c.SetPresence(r.t.Context(), presence.InACall, time.Hour); err != nil {
		r.t.Errorf("after %s: %v", what, err)
	}
	if shown, err := c.Shown(r.t.Context()); err != nil || !shown.Is(presence.InACall) {
		r.t.Errorf("after %s: %v, %v", what, shown, err)
	}
}

// raw takes over a connection after its request was read.
func raw(play func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, in *http.Request) {
		_, _ = io.Copy(io.Discard, in.Body) // or closing the connection would reset it
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		play(conn)
	}
}

// drip sends one byte after the other, until the client has given up.
func drip(text string) http.HandlerFunc {
	return raw(func(conn net.Conn) { dripOn(conn, text) })
}

func dripOn(conn net.Conn, text string) {
	tick := time.NewTicker(shortTimeout / 10)
	defer tick.Stop()
	for i := 0; ; i++ {
		<-tick.C
		if _, err := io.WriteString(conn, text[min(i, len(text)-1):][:1]); err != nil {
			return
		}
	}
}

// silence keeps a connection open until the client has given up.
func silence(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// reset ends a connection as a router does that has forgotten it.
func reset(conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0) // else it is a plain close, which is another row
	}
}

// after sends a text first.
func after(text string, then func(net.Conn)) http.HandlerFunc {
	return raw(func(conn net.Conn) {
		_, _ = io.WriteString(conn, text)
		then(conn)
	})
}
