package graph

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// proxy is between heliograph and the emulator, and may answer in its place.
type proxy struct {
	next http.RoundTripper

	mu     sync.Mutex
	decide func(*http.Request) *http.Response // nil answer: pass the request on
}

// answer sets what the proxy answers; a nil function, or a nil answer, forwards
// the request.
func (p *proxy) answer(decide func(*http.Request) *http.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide = decide
}

func (p *proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	decide := p.decide
	p.mu.Unlock()
	if decide != nil {
		if resp := decide(r); resp != nil {
			return resp, nil
		}
	}
	return p.next.RoundTrip(r)
}

// respond returns an answer to a request.
func respond(r *http.Request, status int, contentType, body string, header ...string) *http.Response {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", contentType)
	for i := 0; i+1 < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // into memory
	resp := w.Result()
	resp.Request = r
	return resp
}
