package emu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// control serves the control interface, with which a test or a person changes
// the emulated world. An answer is JSON; a mistake is 400 with {"error": "…"}.
func (s *Server) control(w http.ResponseWriter, r *http.Request, name string) {
	if !sameOrigin(r) {
		writeJSON(w, http.StatusForbidden, map[string]string{"error": "requests from other web sites are refused"})
		return
	}
	read := map[string]func() any{
		"state":    func() any { return s.State() },
		"requests": func() any { return s.Requests() },
	}
	change := map[string]func([]byte) (any, error){
		"advance": s.controlAdvance, "faults": s.controlFaults, "token": s.controlToken,
		"sessions": s.controlSessions, "preferred": s.controlPreferred, "revoke": s.controlRevoke,
		"device": s.controlDevice, "lag": s.controlLag, "message": s.controlMessage,
		"reset": s.controlReset,
	}
	get, isRead := read[name]
	do, isChange := change[name]
	switch {
	case isRead && r.Method == http.MethodGet:
		writeJSON(w, http.StatusOK, get())
	case name == "faults" && r.Method == http.MethodDelete:
		s.ClearFaults()
		writeJSON(w, http.StatusOK, s.State())
	case isChange && r.Method == http.MethodPost:
		body, fail := readBody(r)
		if fail != nil {
			writeJSON(w, fail.status, map[string]string{"error": fail.message})
			return
		}
		answer, err := do(body)
		if err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, answer)
	case isRead || isChange:
		writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": "use GET for state and requests, POST for everything else"})
	default:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "unknown control request: there are state, requests, advance, faults, token, sessions, preferred, message, lag, revoke, device and reset"})
	}
}

// sameOrigin reports whether a request does not come from another web site
// through a person's browser.
func sameOrigin(r *http.Request) bool {
	o := r.Header.Get("Origin")
	return o == "" || o == "null" && r.Header.Get("Sec-Fetch-Site") == "same-origin" || strings.TrimPrefix(strings.TrimPrefix(o, "http://"), "https://") == r.Host
}

// decodeControl reads the body of a control request, in which every member must
// be known. An empty body is an empty object.
func decodeControl(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("the body cannot be read: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("the body holds more than one JSON object")
	}
	return nil
}

func (s *Server) controlReset([]byte) (any, error) {
	s.reset()
	return s.State(), nil
}

func (s *Server) controlAdvance(body []byte) (any, error) {
	var in struct {
		By *Duration `json:"by"`
	}
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	if in.By == nil {
		return nil, errors.New(`by is missing: use {"by": "5m"}`)
	}
	if err := s.advance(time.Duration(*in.By)); err != nil {
		return nil, err
	}
	return s.State(), nil
}

func (s *Server) controlFaults(body []byte) (any, error) {
	var f Fault
	if err := decodeControl(body, &f); err != nil {
		return nil, err
	}
	if err := s.AddFault(f); err != nil {
		return nil, err
	}
	return s.State(), nil
}

// TokenRequest describes an access token for requests without a sign-in.
type TokenRequest struct {
	User        string   `json:"user"`        // whose; default: self
	Scopes      []string `json:"scopes"`      // default: Presence.ReadWrite, Presence.Read; for the application both with .All
	Application bool     `json:"application"` // the application itself; scopes are its roles
	Roles       []string `json:"roles"`       // the same as scopes, for an application
	App         string   `json:"app"`         // client id; default: the directory's
	Personal    bool     `json:"personal"`    // a personal Microsoft account
	Expired     bool     `json:"expired"`     // it is no longer valid
	Revoked     bool     `json:"revoked"`     // Graph answers with a claims challenge
}

// IssueToken makes an access token. It fails for an unknown user.
func (s *Server) IssueToken(in TokenRequest) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &grant{app: strings.ToLower(in.App), personal: in.Personal, scopes: permissions(append(in.Scopes, in.Roles...)), audience: audienceOf(in.Scopes), challenge: in.Revoked, cp1: in.Revoked}
	if g.app == "" {
		g.app = AppID
	}
	if !in.Application {
		if g.user = s.find(in.User); g.user == nil {
			return "", fmt.Errorf("unknown user %q: see /_emulator/state", in.User)
		}
	}
	if in.Scopes == nil && in.Roles == nil {
		g.scopes = []string{"Presence.ReadWrite", "Presence.Read"}
		if in.Application {
			g.scopes = []string{"Presence.ReadWrite.All", "Presence.Read.All"}
		}
	}
	value := s.issue(g)
	if in.Expired {
		g.expires = s.now().Add(-time.Second)
	}
	return value, nil
}

func (s *Server) controlToken(body []byte) (any, error) {
	var in TokenRequest
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	value, err := s.IssueToken(in)
	if err != nil {
		return nil, err
	}
	return map[string]any{"token": value, "access_token": value, "token_type": "Bearer", "expires_in": int(s.opts.TokenLife / time.Second)}, nil
}

// SessionRequest sets or ends the session of another client, such as Teams.
type SessionRequest struct {
	User         string `json:"user"`         // whose; default: self
	Name         string `json:"name"`         // the client; default: "Teams desktop"
	Availability string `json:"availability"` // empty: the session ends
	Activity     string `json:"activity"`     // empty: the same as availability
	// ExpirationDuration is an Edm.Duration; empty: the client keeps its
	// session alive until it is ended.
	ExpirationDuration string `json:"expirationDuration"`
}

// clientPairs are the pairs that a Teams client may set.
var clientPairs = append(slices.Clone(settable), pair{"Busy", "InAMeeting"}, pair{"Busy", "Busy"}, pair{"BeRightBack", "BeRightBack"},
	pair{"DoNotDisturb", "DoNotDisturb"}, pair{"DoNotDisturb", "UrgentInterruptionsOnly"}, pair{"DoNotDisturb", "Focusing"}, pair{"Available", "AvailableInactive"})

// SetSession sets or ends the session of another client. It fails for an unknown
// user, a pair that no client sets and a wrong duration.
func (s *Server) SetSession(in SessionRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	u := s.find(in.User)
	if u == nil {
		return fmt.Errorf("unknown user %q: see /_emulator/state", in.User)
	}
	if in.Name == "" {
		in.Name = "Teams desktop"
	}
	defer s.changed()
	if in.Availability == "" {
		s.drop(u, func(x *session) bool { return x.id == "" && x.name == in.Name }, s.now())
		return nil
	}
	if in.Activity == "" {
		in.Activity = in.Availability
	}
	i := slices.IndexFunc(clientPairs, func(p pair) bool {
		return strings.EqualFold(p.availability, in.Availability) && strings.EqualFold(p.activity, in.Activity)
	})
	if i < 0 {
		return fmt.Errorf("no client sets %s/%s", in.Availability, in.Activity)
	}
	x := &session{name: in.Name, pair: clientPairs[i], set: s.now()}
	if in.ExpirationDuration != "" {
		d, err := parseDuration(in.ExpirationDuration)
		if err != nil || d <= 0 {
			return fmt.Errorf("expirationDuration %q: use an Edm.Duration such as PT5M", in.ExpirationDuration)
		}
		x.expires = x.set.Add(d)
	}
	u.put(x)
	return nil
}

func (s *Server) controlSessions(body []byte) (any, error) {
	var in SessionRequest
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	if err := s.SetSession(in); err != nil {
		return nil, err
	}
	return s.User(in.User), nil
}

// SetPreferred sets the presence that the user chooses in a Teams client. An
// empty availability resets it; an empty activity means the one that belongs to
// the availability. It fails for an unknown user and for a pair that cannot be
// chosen.
func (s *Server) SetPreferred(who, availability, activity string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	u := s.find(who)
	if u == nil {
		return fmt.Errorf("unknown user %q: see /_emulator/state", who)
	}
	defer s.changed()
	if availability == "" {
		u.preferred = nil
		return nil
	}
	i := slices.IndexFunc(preferable, func(p pair) bool {
		return strings.EqualFold(p.availability, availability) && (activity == "" || strings.EqualFold(p.activity, activity))
	})
	if i < 0 {
		return fmt.Errorf("nobody can choose %s/%s", availability, activity)
	}
	now := s.now()
	u.preferred = &preferred{pair: preferable[i], set: now, expires: now.Add(24 * time.Hour)}
	return nil
}

func (s *Server) controlPreferred(body []byte) (any, error) {
	var in struct {
		User         string `json:"user"`
		Availability string `json:"availability"`
		Activity     string `json:"activity"`
	}
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	if err := s.SetPreferred(in.User, in.Availability, in.Activity); err != nil {
		return nil, err
	}
	return s.User(in.User), nil
}

// SetMessage sets the status message that the user writes in a Teams client,
// until the given instant (zero: without end); an empty text removes it. It fails
// for an unknown user.
func (s *Server) SetMessage(who, text string, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	u := s.find(who)
	if u == nil {
		return fmt.Errorf("unknown user %q: see /_emulator/state", who)
	}
	u.status = nil
	if text != "" {
		u.status = &statusMessage{text: text, published: s.now(), expires: until}
	}
	s.changed()
	return nil
}

func (s *Server) controlMessage(body []byte) (any, error) {
	var in struct {
		User string    `json:"user"`
		Text string    `json:"text"`
		For  *Duration `json:"for"`
	}
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	var until time.Time
	if in.For != nil {
		if *in.For <= 0 {
			return nil, errors.New(`for must be positive, as in "1h": leave it out for a message without an end`)
		}
		until = s.clock().Add(time.Duration(*in.For))
	}
	if err := s.SetMessage(in.User, in.Text, until); err != nil {
		return nil, err
	}
	return s.User(in.User), nil
}

func (s *Server) controlLag(body []byte) (any, error) {
	var in struct {
		By Duration `json:"by"`
	}
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	if in.By < 0 {
		return nil, errors.New(`by cannot be negative: use {"by": "4s"}, or "0s" to end it`)
	}
	s.SetReadLag(time.Duration(in.By))
	return s.State(), nil
}

func (s *Server) controlRevoke(body []byte) (any, error) {
	var in struct {
		User string `json:"user"`
	}
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	if !s.Revoke(in.User) {
		return nil, fmt.Errorf("unknown user %q: see /_emulator/state", in.User)
	}
	return s.State(), nil
}

func (s *Server) controlDevice(body []byte) (any, error) {
	var in struct {
		Code string `json:"code"`
		User string `json:"user"`
	}
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	if !s.ApproveDevice(strings.ToUpper(in.Code), in.User) {
		return nil, fmt.Errorf("no sign-in waits for this code, or the user is unknown")
	}
	return s.State(), nil
}
