package emu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Listen listens on addr, which must be a loopback address unless anywhere is
// set: everybody who reaches an emulator controls it.
func Listen(addr string, anywhere bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w: use one as in 127.0.0.1:8089", addr, err)
	}
	ip := net.ParseIP(host)
	if !anywhere && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("address %q is not on loopback: everybody who reaches the emulator controls it; use 127.0.0.1, or allow it with --anywhere", addr)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the emulator cannot listen on %s: %w", addr, err)
	}
	return ln, nil
}

// Serve serves ln until ctx ends. The sign-in pages are reached at its address.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	s.setBrowser("http://" + ln.Addr().String())
	srv := &http.Server{Handler: ownNames(ln.Addr(), s.handler()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			srv.Close()
		}
	})
	defer stop()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("the emulator stopped: %w", err)
	}
	return nil
}

// ownNames refuses requests under a foreign name to a server on loopback: a web
// page whose name leads here by DNS would be of the same origin as the control
// interface. Where others can reach the server anyway, any name is allowed.
func ownNames(at net.Addr, next http.Handler) http.Handler {
	tcp, ok := at.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if host = strings.ToLower(host); host != "localhost" && !ownHosts[host] && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "the emulator is not known by this name: use localhost or 127.0.0.1", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Transport reaches the server in this process, without a socket, so that a
// whole day fits into a synctest bubble. login.heliograph.test and
// graph.heliograph.test lead to it, as do Microsoft's own names; any other host
// is refused.
func (s *Server) Transport() http.RoundTripper { return inProcess{s} }

type inProcess struct{ s *Server }

var ownHosts = map[string]bool{"login.heliograph.test": true, "graph.heliograph.test": true,
	"login.microsoftonline.com": true, "graph.microsoft.com": true}

func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	t.s.mu.Lock()
	browser := t.s.browser
	t.s.mu.Unlock()
	if !ownHosts[r.URL.Host] && (browser == "" || r.URL.Scheme+"://"+r.URL.Host != browser) {
		return nil, fmt.Errorf("the emulator does not know the host %s", r.URL.Host)
	}
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	w := &recorder{header: http.Header{}}
	if err := w.run(t.s.handler(), in); err != nil {
		return nil, err
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.response(r), nil
}

// recorder is an answer in memory.
type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (w *recorder) Header() http.Header { return w.header }
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}
func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// run turns an aborted handler into a broken connection.
func (w *recorder) run(h http.Handler, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			if err = r.Context().Err(); err == nil {
				err = io.ErrUnexpectedEOF
			}
		default:
			panic(p)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

func (w *recorder) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header, Request: r,
		Body: io.NopCloser(strings.NewReader(w.body.String())), ContentLength: int64(w.body.Len())}
}

var (
	flowField   = regexp.MustCompile(`name="flow" value="([^"]+)"`)
	answerForm  = regexp.MustCompile(`<form method="post" action="([^"]+)" id="answer">`)
	answerField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)
