// Package emu emulates Microsoft Entra sign-in and Microsoft Graph presence in
// memory: for the demo, as a test server and as the oracle of the tests. It
// shares no code with what it judges. README.md lists its endpoints.
//
// What Microsoft documents is always on; what is only inferred from reports can
// be switched in [Switches]. It is not a copy of Microsoft's servers: it knows
// presence, the sign-in that presence needs, and nothing else.
package emu

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Profile is the version of Microsoft's documents that a server follows.
type Profile string

// The profiles.
const (
	V1       Profile = "v1.0"      // the current documents; the default
	Beta2021 Profile = "beta-2021" // setPresence as the 2021 beta document had it
)

// Switches are behaviours that Microsoft does not document. The zero value is
// what is most likely.
type Switches struct {
	// AllowUnknownProperties accepts properties that an action does not declare.
	AllowUnknownProperties bool
	// AnySessionID accepts a sessionId that is not the application's id.
	AnySessionID bool
	// FadeBeforeExpiry lets a session that fades and expires at the same
	// instant go inactive instead of Offline.
	FadeBeforeExpiry bool
	// RefreshOnce makes a refresh token invalid once it was used. Entra issues a
	// new one each time, but does not revoke the old one.
	//
	// Source: https://learn.microsoft.com/entra/identity-platform/refresh-tokens
	RefreshOnce bool
	// NoContent answers successful writes with 204 instead of 200.
	NoContent bool
	// StatusZone is the time zone in which the expiryDateTime of a status message
	// is answered, by its Windows name, as in "Pacific Standard Time"; empty or
	// unknown: UTC. Microsoft's documents show both.
	StatusZone string
	// ReadLag is how far behind the truth every GET is: Graph is eventually
	// consistent, also for the one who wrote. SetReadLag changes it at run time.
	ReadLag time.Duration
}

// throttle is how many requests an application may make in a tenant.
//
// Source: https://learn.microsoft.com/graph/throttling-limits
type throttle struct {
	requests int           // 0: 1,500
	window   time.Duration // 0: 30 s
}

// Options are the settings of a Server. The zero value is a working default.
type Options struct {
	Profile  Profile // empty: V1
	Switches Switches
	// TokenLife is how long access tokens are valid; 0: one hour.
	TokenLife time.Duration
	// Certificates are the application's own, beside its secret.
	Certificates []*x509.Certificate
	// Roles are what an administrator has granted the application; empty:
	// Presence.ReadWrite.All and Presence.Read.All.
	Roles []string

	throttle throttle
	now      func() time.Time // the clock that the emulator's own starts from; nil: time.Now
}

// authority and graphHost are the addresses under which clients reach an
// emulator. Their names resolve nowhere, so that nothing leaves the computer.
const (
	authority = "https://login.heliograph.test"
	graphHost = "https://graph.heliograph.test"
)

// Server is one emulated tenant. All methods may be called from any goroutine.
type Server struct {
	opts Options
	keys *signer

	mu       sync.Mutex
	browser  string        // the http origin of the sign-in pages; empty: authority
	offset   time.Duration // of the emulator's clock from opts.now
	readLag  time.Duration // see Switches.ReadLag
	users    []*user
	grants   map[string]*grant         // by access token
	refresh  map[string]*grant         // by refresh token
	codes    map[string]*authorization // by authorization code
	flows    map[string]*authorization // by the id on the sign-in pages
	devices  map[string]*deviceFlow    // by device code
	faults   []*fault                  // the earliest first
	requests []Request                 // the earliest first
	window   map[string]*usage         // by client id
	sequence int                       // changes of what is shown, for sequenceNumber
	settled  time.Time                 // up to when the history is written
	subs     map[chan struct{}]struct{}
}

// New makes a server with its default directory.
func New(o Options) *Server {
	if o.Profile == "" {
		o.Profile = V1
	}
	if o.now == nil {
		o.now = time.Now
	}
	if len(o.Roles) == 0 {
		o.Roles = []string{"Presence.ReadWrite.All", "Presence.Read.All"}
	}
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	if o.throttle.requests == 0 {
		o.throttle.requests = 1500
	}
	if o.throttle.window == 0 {
		o.throttle.window = 30 * time.Second
	}
	s := &Server{opts: o, keys: sharedSigner(), subs: map[chan struct{}]struct{}{}}
	s.reset()
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

// reset returns everything to the start: directory, tokens, faults, the list of
// requests and the clock.
func (s *Server) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset, s.readLag = 0, s.opts.Switches.ReadLag
	s.users = directory()
	s.grants, s.refresh = map[string]*grant{}, map[string]*grant{}
	s.codes, s.flows = map[string]*authorization{}, map[string]*authorization{}
	s.devices = map[string]*deviceFlow{}
	s.faults, s.requests = nil, nil
	s.window = map[string]*usage{}
	s.settled = s.now()
	s.changed()
}

// clock returns the emulator's clock.
func (s *Server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// now returns the emulator's clock. The lock is held.
func (s *Server) now() time.Time { return s.opts.now().Add(s.offset).UTC().Round(0) }

// maxOffset is a century, which is far below the longest time.Duration.
const maxOffset = 100 * 365 * 24 * time.Hour

// advance moves the emulator's clock forward, by a year at most.
func (s *Server) advance(d time.Duration) error {
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

// setBrowser names the http origin where a real browser reaches the server.
func (s *Server) setBrowser(origin string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.browser = strings.TrimSuffix(origin, "/")
}

// changed adds to the history and notifies the subscribers. The lock is held.
func (s *Server) changed() {
	s.settle()
	for ch := range s.subs {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// subscribe returns a channel that gets a value after something has changed, and
// a function that ends this. Fading and expiry come with time alone and send
// nothing: next says when the next one is.
func (s *Server) subscribe() (<-chan struct{}, func()) {
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

// handler serves Entra, Graph, the control interface and the board on one
// origin; the path alone says which is meant.
func (s *Server) handler() http.Handler { return http.HandlerFunc(s.serve) }

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
