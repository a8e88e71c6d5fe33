// Package emu is Microsoft Entra sign-in and Microsoft Graph presence in
// memory: the demo's other side, the test server, and the oracle of the tests.
// It shares no code with what it judges.
//
// What Microsoft documents is always on; what is only inferred from reports
// can be switched in [Switches]. It is no copy of Microsoft's servers: it
// knows presence, the sign-in that presence needs, and nothing else.
package emu

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Profile is the version of the contract that a server keeps.
type Profile string

// The profiles.
const (
	V1       Profile = "v1.0"      // today's documents; the default
	Beta2021 Profile = "beta-2021" // setPresence as the 2021 beta document had it
)

// Switches are behaviours that Microsoft does not document. The zero value is
// our judgement of the likeliest.
type Switches struct {
	// AllowUnknownProperties accepts properties that an action does not declare.
	AllowUnknownProperties bool
	// AnySessionID accepts a sessionId that is not the application's id.
	AnySessionID bool
	// FadeBeforeExpiry lets a session that fades and expires at the same
	// instant go inactive instead of Offline.
	FadeBeforeExpiry bool
	// RefreshOnce makes a refresh token useless once it was used. Entra hands
	// out a new one each time, but does not revoke the old.
	//
	// Source: https://learn.microsoft.com/entra/identity-platform/refresh-tokens
	RefreshOnce bool
	// NoContent answers successful writes with 204 instead of 200.
	NoContent bool
	// StatusZone is the time zone in which the expiryDateTime of a status message
	// is answered, by its Windows name, as in "Pacific Standard Time"; empty or
	// unknown: UTC. Microsoft's documents show both.
	StatusZone string
}

// Throttle is how many requests an application may make in a tenant.
//
// Source: https://learn.microsoft.com/graph/throttling-limits
type Throttle struct {
	Requests int           // 0: 1,500
	Window   time.Duration // 0: 30 s
}

// Options sets a Server up; the zero value is a working default.
type Options struct {
	Profile  Profile
	Switches Switches
	Throttle Throttle
	Log      *slog.Logger
	// Now is the clock beneath the emulator's own, which Advance moves.
	Now func() time.Time
	// Browser is the http origin where a real browser reaches the server, for
	// the sign-in pages; empty: they are named under Authority.
	Browser string
	// TokenLife is how long access tokens last; 0: one hour.
	TokenLife time.Duration
	// Certificates are the application's own, beside its secret.
	Certificates []*x509.Certificate
	// Apps are accepted client ids beside the directory's own.
	Apps []string
	// Roles are what an administrator has granted the application; empty:
	// Presence.ReadWrite.All and Presence.Read.All.
	Roles []string
}

// Authority and GraphHost are the names under which clients speak to an
// emulator; they resolve nowhere, so nothing can leave the machine.
const (
	Authority = "https://login.heliograph.test"
	GraphHost = "https://graph.heliograph.test"
)

// Server is one emulated tenant. All methods may be called from any goroutine.
type Server struct {
	opts Options
	keys *signer

	mu       sync.Mutex
	offset   time.Duration
	users    []*user
	grants   map[string]*grant // by access token
	refresh  map[string]*grant // by refresh token
	codes    map[string]*authorization
	flows    map[string]*authorization
	devices  map[string]*deviceFlow
	faults   []*fault
	requests []Request
	window   map[string]*usage
	sequence int
	settled  time.Time // up to when the history is written
	subs     map[chan struct{}]struct{}
}

// New makes a server with its default directory.
func New(o Options) *Server {
	if o.Profile == "" {
		o.Profile = V1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.Roles) == 0 {
		o.Roles = []string{"Presence.ReadWrite.All", "Presence.Read.All"}
	}
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	if o.Throttle.Requests == 0 {
		o.Throttle.Requests = 1500
	}
	if o.Throttle.Window == 0 {
		o.Throttle.Window = 30 * time.Second
	}
	s := &Server{opts: o, keys: sharedSigner(), subs: map[chan struct{}]struct{}{}}
	s.Reset()
	return s
}

// ParseProfile reads a profile's name.
func ParseProfile(name string) (Profile, error) {
	switch p := Profile(strings.ToLower(name)); p {
	case "", V1:
		return V1, nil
	case Beta2021:
		return p, nil
	}
	return "", fmt.Errorf("unknown profile %q: use %s or %s", name, V1, Beta2021)
}

// Reset brings everything back to the start: directory, tokens, faults, the
// log of requests and the clock.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = 0
	s.users = directory()
	s.grants, s.refresh = map[string]*grant{}, map[string]*grant{}
	s.codes, s.flows = map[string]*authorization{}, map[string]*authorization{}
	s.devices = map[string]*deviceFlow{}
	s.faults, s.requests = nil, nil
	s.window = map[string]*usage{}
	s.settled = s.now()
	s.changed()
}

// Now is the emulator's clock.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Server) now() time.Time { return s.opts.Now().Add(s.offset).UTC().Round(0) }

// maxOffset is a century, far from where durations end.
const maxOffset = 100 * 365 * 24 * time.Hour

// Advance moves the emulator's clock forward.
func (s *Server) Advance(d time.Duration) error {
	if d < 0 || d > 366*24*time.Hour {
		return fmt.Errorf("the clock moves forward by up to a year, not by %s", d)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.offset+d > maxOffset {
		return fmt.Errorf("the clock is %s ahead already: reset it", s.offset)
	}
	s.offset += d
	s.changed()
	return nil
}

// SetBrowser names the http origin where a real browser reaches the server.
func (s *Server) SetBrowser(origin string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Browser = strings.TrimSuffix(origin, "/")
}

// changed writes the history on and tells the subscribers; the lock is held.
func (s *Server) changed() {
	s.settle()
	for ch := range s.subs {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Subscribe returns a channel that fires after something has changed, and a
// function that ends it. Fading and expiry are changes of time alone: ask
// State when the next one is.
func (s *Server) Subscribe() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[ch] = struct{}{}
	return ch, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subs, ch)
	}
}

// maxBody is far above any presence request.
const maxBody = 1 << 20

// Handler serves Entra, Graph, the control interface and the board on one
// origin; what is asked for is told by the path alone.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	switch {
	case first == "_emulator":
		s.control(w, r, rest)
	case first == "_board" || r.URL.Path == "/":
		s.board(w, r, rest)
	case first == "v1.0" || first == "beta":
		s.observed(w, r, func(w http.ResponseWriter) { s.graph(w, r, first, rest) })
	case r.URL.Path == "/favicon.ico":
		w.WriteHeader(http.StatusNoContent)
	default:
		s.observed(w, r, func(w http.ResponseWriter) { s.entra(w, r, first, rest) })
	}
}
