package emu

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// failure is an answer in Graph's error envelope.
type failure struct {
	status     int
	code       string
	message    string
	allow      string // Allow, for 405
	retryAfter time.Duration
	challenge  string // WWW-Authenticate
}

func badRequest(m string) *failure { return &failure{status: 400, code: "BadRequest", message: m} }
func invalid(m string) *failure    { return &failure{status: 400, code: "InvalidArgument", message: m} }
func notFound(m string) *failure   { return &failure{status: 404, code: "NotFound", message: m} }
func methodNotAllowed(allow string) *failure {
	return &failure{status: http.StatusMethodNotAllowed, code: "MethodNotAllowed", message: "Specified HTTP method is not allowed for the request target.", allow: allow}
}
func forbidden() *failure {
	return &failure{status: 403, code: "Forbidden", message: "The application or the user lacks a permission for this."}
}

// fail writes the envelope.
//
// Source: https://learn.microsoft.com/graph/errors
func (s *Server) fail(w http.ResponseWriter, r *http.Request, f *failure) {
	h := w.Header()
	if f.allow != "" {
		h.Set("Allow", f.allow)
	}
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((f.retryAfter+time.Second-1)/time.Second)))
	}
	if f.challenge != "" {
		h.Set("WWW-Authenticate", f.challenge)
	}
	inner := map[string]any{"date": s.now().Format("2006-01-02T15:04:05"), "request-id": h.Get("request-id"), "client-request-id": h.Get("client-request-id")}
	writeJSON(w, f.status, map[string]any{"error": map[string]any{"code": f.code, "message": f.message, "innerError": inner}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{}`) // our own values always marshal
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

// object is a JSON object's members, undecoded.
type object map[string]json.RawMessage

// readObject reads a request's body as one JSON object. Without required an
// empty body is an empty object and needs no Content-Type.
func readObject(r *http.Request, required bool) (object, *failure) {
	body, fail := readBody(r)
	if fail != nil {
		return nil, fail
	}
	if len(bytes.TrimSpace(body)) == 0 {
		if required {
			return nil, badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
		}
		return object{}, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, &failure{status: http.StatusUnsupportedMediaType, code: "UnsupportedMediaType", message: "Entity only allows writes with a JSON Content-Type header."}
	}
	o, err := decodeObject(body)
	if err != nil {
		return nil, badRequest("Unable to read JSON request payload: " + err.Error() + ".")
	}
	return o, nil
}

// readBody reads up to maxBody bytes, before and after decompression. The
// official Go SDK resends an uncompressed body with the header of a compressed
// one, so the bytes decide, not the header.
func readBody(r *http.Request) ([]byte, *failure) {
	tooLarge := &failure{status: http.StatusRequestEntityTooLarge, code: "RequestEntityTooLarge", message: "The request body is too large."}
	in := bufio.NewReader(r.Body)
	var src io.Reader = in
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b && strings.Contains(strings.ToLower(r.Header.Get("Content-Encoding")), "gzip") {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, badRequest("The gzip body cannot be read.")
		}
		src = z
	}
	body, err := io.ReadAll(io.LimitReader(src, maxBody+1))
	var max *http.MaxBytesError
	switch {
	case errors.As(err, &max), len(body) > maxBody:
		return nil, tooLarge
	case err != nil:
		return nil, badRequest("The request body cannot be read.")
	}
	return body, nil
}

// decodeObject reads exactly one object whose members are named once.
func decodeObject(body []byte) (object, error) {
	if !json.Valid(body) {
		return nil, errors.New("it is not valid JSON")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, _ := d.Token(); t != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	o := object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, errors.New("it is not valid JSON")
		}
		name := key.(string) // in a valid object this is the name of a member
		if _, twice := o[name]; twice {
			return nil, fmt.Errorf("the property '%s' is given twice", name)
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, errors.New("it is not valid JSON")
		}
		o[name] = v
	}
	return o, nil
}

// newGUID makes a random version 4 GUID.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
