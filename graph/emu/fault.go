package emu

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// Fault makes matching requests fail. Exactly what is set happens; a Fault with
// a Delay alone only delays.
type Fault struct {
	// Method and Path choose requests; empty: all. Path is a piece of the
	// request's path, or a pattern with "*" and "?" for the whole of it.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`

	Status     int      `json:"status,omitempty"`     // an error answer with this status
	Code       string   `json:"code,omitempty"`       // Graph's error code
	Message    string   `json:"message,omitempty"`    // its message
	RetryAfter Seconds  `json:"retryAfter,omitempty"` // Retry-After, in seconds
	AADSTS     int      `json:"aadsts,omitempty"`     // an Entra error instead of Graph's
	Delay      Duration `json:"delay,omitempty"`      // before the answer
	Drop       bool     `json:"drop,omitempty"`       // the connection ends before the request counts
	Lose       bool     `json:"lose,omitempty"`       // the request counts, its answer is lost
	// Page answers with a page of HTML under Status (0: 200), as a proxy or the
	// sign-in page of a hotspot does; the request does not count.
	Page bool `json:"page,omitempty"`

	Times int      `json:"times,omitempty"` // so many requests; 0: no limit
	For   Duration `json:"for,omitempty"`   // so long on the emulator's clock; 0: no limit
}

// Duration is written as "90s" or "5m"; a bare number is seconds.
type Duration time.Duration

// UnmarshalJSON reads a Duration.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		var n float64
		if err := json.Unmarshal(b, &n); err != nil {
			return fmt.Errorf(`%s is not a duration: use "90s" or "5m"`, b)
		}
		text = strconv.FormatFloat(n, 'f', -1, 64) + "s"
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf(`%q is not a duration: use "90s" or "5m"`, text)
	}
	*d = Duration(v)
	return nil
}

// MarshalJSON writes a Duration.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// Seconds is a whole number of seconds, as a number or a text.
type Seconds int

// UnmarshalJSON reads Seconds.
func (n *Seconds) UnmarshalJSON(b []byte) error {
	var d Duration
	if err := d.UnmarshalJSON(b); err == nil {
		*n = Seconds(time.Duration(d) / time.Second)
		return nil
	}
	v, err := strconv.Atoi(strings.Trim(string(b), `"`))
	if err != nil {
		return fmt.Errorf("%s is not a number of seconds", b)
	}
	*n = Seconds(v)
	return nil
}

type fault struct {
	Fault
	left    int // requests to go; -1: no limit
	expires time.Time
}

// AddFault applies a fault from now on; of several that match a request the
// earliest is applied. It fails for a fault that contradicts itself.
func (s *Server) AddFault(f Fault) error {
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) && !(f.Page && f.Status == http.StatusOK) {
		return fmt.Errorf("status %d is not an error: use 400 to 599, or 200 with page", f.Status)
	}
	if f.onlyDelays() && f.Delay == 0 {
		return fmt.Errorf("a fault needs status, aadsts, delay, drop, lose or page")
	}
	if f.Page && (f.AADSTS != 0 || f.Code != "" || f.Message != "") {
		return fmt.Errorf("a page has no aadsts, code or message: leave them out")
	}
	if f.Times < 0 || f.For < 0 || f.Delay < 0 || f.RetryAfter < 0 {
		return fmt.Errorf("times, for, delay and retryAfter cannot be negative")
	}
	if _, err := path.Match(f.Path, ""); err != nil {
		return fmt.Errorf("path %q is not a pattern: %w", f.Path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &fault{Fault: f, left: -1}
	if f.Times > 0 {
		x.left = f.Times
	}
	if f.For > 0 {
		x.expires = s.now().Add(time.Duration(f.For))
	}
	s.faults = append(s.faults, x)
	s.changed()
	return nil
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.changed()
}

// takeFault returns the first fault that matches a request, and counts the
// request; nil: none matches.
func (s *Server) takeFault(r *http.Request) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.faults[:0]
	var hit *fault
	for _, f := range s.faults {
		if f.left == 0 || (!f.expires.IsZero() && !s.now().Before(f.expires)) {
			continue
		}
		if hit == nil && f.matches(r) {
			hit = f
			f.left--
		}
		if f.left != 0 {
			kept = append(kept, f)
		}
	}
	s.faults = kept
	return hit
}

func (f *fault) matches(r *http.Request) bool {
	if f.Method != "" && !strings.EqualFold(f.Method, r.Method) {
		return false
	}
	if strings.ContainsAny(f.Path, "*?") {
		ok, _ := path.Match(f.Path, r.URL.Path) // the pattern was checked when it was added
		return ok
	}
	return strings.Contains(r.URL.Path, f.Path)
}

func (f *Fault) onlyDelays() bool {
	return f.Status == 0 && f.AADSTS == 0 && !f.Drop && !f.Lose && !f.Page
}

// wait delays; it returns false if the client has given up.
func (f *fault) wait(r *http.Request) bool {
	if f.Delay == 0 {
		return true
	}
	t := time.NewTimer(time.Duration(f.Delay))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// faulty answers with the error of a fault.
func (s *Server) faulty(w http.ResponseWriter, r *http.Request, f *fault) {
	if f.Page {
		for _, name := range []string{"request-id", "client-request-id", "x-ms-ags-diagnostic"} { // Graph's own
			w.Header().Del(name)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter)))
		}
		w.WriteHeader(cmp.Or(f.Status, http.StatusOK))
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Sign in to this network</title><p>A page that is not Microsoft's.")
		return
	}
	if f.AADSTS != 0 {
		e := aadstsError(f.AADSTS)
		e.status = cmp.Or(f.Status, e.status)
		if strings.HasSuffix(r.URL.Path, "/authorize") {
			s.errorPage(w, e)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.oauthFail(w, e)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &failure{status: f.Status, code: f.Code, message: f.Message, retryAfter: time.Duration(f.RetryAfter) * time.Second}
	if x.code == "" {
		x.code = usualCode(f.Status)
	}
	if x.message == "" {
		x.message = "A fault of the emulator."
	}
	s.fail(w, r, x)
}

func usualCode(status int) string {
	switch status {
	case 401:
		return "InvalidAuthenticationToken"
	case 403:
		return "Forbidden"
	case 404:
		return "NotFound"
	case 429:
		return "TooManyRequests"
	case 503:
		return "ServiceNotAvailable"
	case 504:
		return "GatewayTimeout"
	case 500:
		return "InternalServerError"
	}
	return "UnknownError"
}
