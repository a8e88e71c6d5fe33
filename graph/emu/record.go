package emu

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// Request is one request as it was answered. It never holds a token, a code or
// a sign-in form.
type Request struct {
	Time   time.Time       `json:"time"`
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Status int             `json:"status"` // 0: the connection was dropped
	Body   json.RawMessage `json:"body,omitempty"`
	// Note is Graph's error code, or the OAuth grant type of the request.
	Note string `json:"note,omitempty"`
}

// keptRequests bounds the list: it holds a day of renewals.
const keptRequests = 2000

// Requests lists the latest requests, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.requests...)
}

// witness keeps the status and the beginning of an answer.
type witness struct {
	http.ResponseWriter
	status int
	head   []byte
}

func (w *witness) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *witness) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if n := 4096 - len(w.head); n > 0 {
		w.head = append(w.head, b[:min(n, len(b))]...)
	}
	return w.ResponseWriter.Write(b)
}

// observed answers one Graph or Entra request, applies the faults and lists it.
func (s *Server) observed(w http.ResponseWriter, r *http.Request, answer func(http.ResponseWriter)) {
	h := w.Header()
	h.Set("request-id", newGUID())
	h.Set("client-request-id", h.Get("request-id"))
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"EMU"}}`)
	h.Set("Date", s.clock().Format(http.TimeFormat))
	if id := r.Header.Get("client-request-id"); guid.MatchString(id) {
		h.Set("client-request-id", id)
	}
	body := keepBody(r)
	req := Request{Method: r.Method, Path: r.URL.Path, Body: body, Note: grantType(r, body)}
	if !strings.HasPrefix(r.URL.Path, "/v1.0/") && !strings.HasPrefix(r.URL.Path, "/beta/") {
		req.Body = nil
	}
	f := s.takeFault(r)
	if f != nil && !f.wait(r) {
		s.list(req)
		panic(http.ErrAbortHandler)
	}
	seen := &witness{ResponseWriter: w}
	switch {
	case f == nil || f.onlyDelays():
		answer(seen)
	case f.Drop:
		s.list(req)
		panic(http.ErrAbortHandler)
	case f.Lose:
		lost := &witness{ResponseWriter: discard{http.Header{}}}
		answer(lost)
		s.list(req)
		panic(http.ErrAbortHandler)
	default:
		s.faulty(seen, r, f)
	}
	req.Status = seen.status
	if req.Note == "" {
		req.Note = errorCode(seen.head)
	}
	s.list(req)
}

func (s *Server) list(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Time = s.now()
	if len(s.requests) >= keptRequests {
		s.requests = append(s.requests[:0], s.requests[keptRequests/4:]...)
	}
	s.requests = append(s.requests, r)
	s.changed()
}

// keepBody returns the body for the list and leaves it readable.
func keepBody(r *http.Request) json.RawMessage {
	raw, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw), failing{err}))
	plain, fail := readBody(&http.Request{Header: r.Header, Body: io.NopCloser(bytes.NewReader(raw))})
	switch {
	case fail != nil || len(plain) == 0 || len(plain) > 16<<10:
		return nil
	case json.Valid(plain):
		return plain
	}
	text, err := json.Marshal(string(plain))
	if err != nil {
		return nil
	}
	return text
}

// failing is the end of a body whose reading ended with err; nil: as usual.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// grantType returns the grant that a token request asks for. Nothing else of
// its form is kept.
func grantType(r *http.Request, body json.RawMessage) string {
	if !strings.HasSuffix(r.URL.Path, "/token") {
		return ""
	}
	for _, known := range []string{"authorization_code", "refresh_token", "device_code", "client_credentials"} {
		if bytes.Contains(body, []byte("grant_type="+known)) {
			return known
		}
	}
	return ""
}

func errorCode(head []byte) string {
	var e struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(head, &e) != nil {
		return ""
	}
	return e.Error.Code
}

// discard takes an answer that is lost.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
