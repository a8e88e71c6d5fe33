package graph

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// loopback waits for the answer of a sign-in page, which the browser posts to
// this computer. Every web page and every user of the computer can reach its
// port, so that only the real answer counts: a POST of a form, to the very
// address that the sign-in page was given, with the state that it was given.
// Everything else gets the same answer, which reveals nothing, and changes
// nothing. (MSAL's own listener ends the sign-in at any stray request, and tells
// the expected state to whoever posts a wrong one.)
type loopback struct {
	address string // the redirect URI
	host    string // as the browser names it: another name is one that leads here by DNS
	state   string
	page    func(received bool) string
	answers chan pageAnswer

	mu      sync.Mutex
	done    bool // the real answer has come
	server  *http.Server
	serving sync.WaitGroup
}

// pageAnswer is what the sign-in page answers.
type pageAnswer struct {
	code    string
	refused *SignInError // nil: code is one
}

const (
	// loopbackTimeout bounds each request to the port.
	loopbackTimeout = 5 * time.Second
	// loopbackGrace is for the browser to read its answer before the port closes.
	loopbackGrace = 200 * time.Millisecond
)

// listenForAnswer opens a port for the answer to a sign-in with a state. page
// returns the sentence that the browser shows then; nil: none.
func listenForAnswer(state string, page func(received bool) string) (*loopback, error) {
	lns, err := listenOnLoopback()
	if err != nil {
		return nil, err
	}
	host := "localhost:" + strconv.Itoa(lns[0].Addr().(*net.TCPAddr).Port)
	l := &loopback{address: "http://" + host, host: host, state: state, page: page, answers: make(chan pageAnswer, 1)}
	l.server = &http.Server{Handler: l, ReadTimeout: loopbackTimeout, WriteTimeout: loopbackTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: log.New(io.Discard, "", 0)} // other programs' requests are not worth a line
	l.server.SetKeepAlivesEnabled(false)
	for _, ln := range lns {
		l.serving.Go(func() { _ = l.server.Serve(ln) }) // it ends with close
	}
	return l, nil
}

// listenOnLoopback opens the same port for both versions of IP, where there are
// both: "localhost" may mean either to a browser, and another user must not have
// the other one.
func listenOnLoopback() ([]net.Listener, error) {
	var refused error
	for range 10 {
		four, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("a port for the answer of the sign-in page cannot be opened: %w", err)
		}
		six, err := net.Listen("tcp6", "[::1]:"+strconv.Itoa(four.Addr().(*net.TCPAddr).Port))
		if err == nil {
			return []net.Listener{four, six}, nil
		}
		if any6, err := net.Listen("tcp6", "[::1]:0"); err == nil {
			any6.Close()
			four.Close()
			refused = errors.New("others use them all")
			continue // this port is taken
		}
		return []net.Listener{four}, nil
	}
	return nil, fmt.Errorf("a port for the answer of the sign-in page cannot be opened: %w", refused)
}

// wait returns the answer of the sign-in page.
func (l *loopback) wait(ctx context.Context) (pageAnswer, error) {
	select {
	case a := <-l.answers:
		return a, nil
	case <-ctx.Done():
		return pageAnswer{}, ctx.Err()
	}
}

// close closes the port.
func (l *loopback) close() {
	ctx, cancel := context.WithTimeout(context.Background(), loopbackGrace)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		l.server.Close()
	}
	l.serving.Wait()
}

func (l *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	answer, ok := l.read(w, r)
	if !ok || !l.first() {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	text := ""
	if l.page != nil {
		text = l.page(answer.refused == nil)
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	_ = answerPage.Execute(w, text) // it fails if the browser is gone
	l.answers <- answer
}

// read returns the answer that a request carries. ok is false for a request that
// is not the real one.
func (l *loopback) read(w http.ResponseWriter, r *http.Request) (a pageAnswer, ok bool) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // empty if it cannot be read
	if r.Method != http.MethodPost || r.Host != l.host || r.URL.Path != "/" || media != "application/x-www-form-urlencoded" {
		return pageAnswer{}, false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("state")), []byte(l.state)) != 1 {
		return pageAnswer{}, false
	}
	if name := r.PostForm.Get("error"); name != "" {
		return pageAnswer{refused: &SignInError{Name: plain(name), AADSTS: number(entraAnswer{Description: r.PostForm.Get("error_description")})}}, true
	}
	code := r.PostForm.Get("code")
	return pageAnswer{code: code}, code != ""
}

// first reports whether no real answer came before: one is all that is waited
// for.
func (l *loopback) first() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.done
	l.done = true
	return !was
}

var answerPage = template.Must(template.New("answer").Parse(`<!DOCTYPE html>
<meta charset="utf-8"><title>heliograph</title>
<style>body{font:1.2rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem;text-align:center;color-scheme:light dark}</style>
<p>{{.}}</p>
`))
