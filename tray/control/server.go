package control

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Bounds of what clients can hold open. Followers stay connected, so they may
// not use all places: there is always one for another request.
const (
	maxClients   = 32
	maxFollowers = 24
)

// closeTimeout bounds how long Close waits for requests that are under way.
// Their contexts have ended by then, so only a handler that hangs takes it.
const closeTimeout = 200 * time.Millisecond

// Handler answers one request by calling reply once or, for a verb that follows
// something, repeatedly. ctx ends when the client leaves, at the request's
// deadline (which a verb that follows does not have) and with the server; for
// VerbQuit only its deadline counts.
type Handler func(ctx context.Context, r Request, reply func(any) error) error

// Server answers on the socket.
type Server struct {
	ln        net.Listener
	free      func()
	secret    string
	log       *slog.Logger
	clients   chan struct{}
	followers chan struct{}
	cancel    context.CancelFunc
	requests  sync.WaitGroup // goroutines that accept and answer
	watchers  sync.WaitGroup // goroutines that wait for a client to leave

	mu   sync.Mutex
	held []net.Conn // of clients that wait for the socket to be free
}

// Listen takes the socket in dir, or returns ErrRunning.
func Listen(dir string, log *slog.Logger) (*Server, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ln, secret, free, err := listen(dir, log)
	if err != nil {
		return nil, err
	}
	return &Server{ln: ln, free: free, secret: secret, log: log, cancel: func() {},
		clients: make(chan struct{}, maxClients), followers: make(chan struct{}, maxFollowers)}, nil
}

// Serve answers with h until ctx ends or Close. It returns at once.
func (s *Server) Serve(ctx context.Context, h Handler) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.requests.Go(func() {
		for {
			conn, err := s.ln.Accept()
			if err != nil {
				return
			}
			select {
			case s.clients <- struct{}{}:
			default:
				refuse(conn)
				continue
			}
			s.requests.Go(func() {
				defer func() { <-s.clients }()
				s.serve(ctx, conn, h)
			})
		}
	})
	context.AfterFunc(ctx, func() { s.ln.Close() })
}

// refuse turns a client away. Its line fits into an empty socket buffer.
func refuse(conn net.Conn) {
	_ = send(conn, answer{Error: errBusy.Error()}) // the client may be gone
	conn.Close()
}

var errBusy = errors.New("the running heliograph has too many requests at once: end some that follow it, or try again")

// Close releases the socket, then ends the connections of clients that have
// asked heliograph to quit: they may start it again.
func (s *Server) Close() {
	s.cancel()
	s.ln.Close()
	done := make(chan struct{})
	go func() { s.requests.Wait(); close(done) }()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		s.log.Warn("a request did not end with heliograph")
	}
	s.free()
	s.mu.Lock()
	held := s.held
	s.held = nil
	s.mu.Unlock()
	for _, conn := range held {
		conn.Close()
	}
	s.watchers.Wait()
}

// serve answers the client at conn.
func (s *Server) serve(ctx context.Context, conn net.Conn, h Handler) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	hold := false
	defer func() {
		stop()
		if hold {
			s.hold(conn)
			return
		}
		conn.Close()
	}()
	req, err := s.request(conn)
	quits := req.Verb == VerbQuit
	if quits {
		stop() // its client waits for more than the end of ctx
	}
	if err == nil && follows(req.Verb) {
		select {
		case s.followers <- struct{}{}:
			defer func() { <-s.followers }()
		default:
			err = errBusy
		}
	}
	if err != nil {
		_ = send(conn, answer{Error: err.Error()}) // the client may be gone
		return
	}
	s.watchers.Go(func() { // a client that leaves ends its request
		_, _ = io.Copy(io.Discard, conn)
		cancel()
	})
	err = s.answer(ctx, conn, req, h)
	if err != nil && (quits || ctx.Err() == nil) {
		_ = send(conn, answer{Error: err.Error()})
	}
	hold = quits && err == nil
}

// answer lets h answer req, within its deadline.
func (s *Server) answer(ctx context.Context, conn net.Conn, req Request, h Handler) error {
	if req.Verb == VerbQuit {
		ctx = context.WithoutCancel(ctx) // it is answered when the rest has ended
	}
	if !follows(req.Verb) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, serverTimeout)
		defer cancel()
	}
	return h(ctx, req, func(v any) error {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return send(conn, answer{OK: true, Data: data})
	})
}

// hold keeps a connection open until Close has released the socket.
func (s *Server) hold(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, conn)
}

// send writes one line. A client that does not read it in time is dropped.
func send(conn net.Conn, a answer) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(lineTimeout)); err != nil {
		return err
	}
	_, err = conn.Write(append(line, '\n'))
	return err
}

// request reads and checks what the client wants.
func (s *Server) request(conn net.Conn) (Request, error) {
	if err := checkPeer(conn); err != nil {
		return Request{}, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(lineTimeout)); err != nil {
		return Request{}, err
	}
	line, err := newLineReader(conn).next()
	if err != nil {
		return Request{}, fmt.Errorf("the request broke off: %w", err)
	}
	var r Request
	if err := decodeStrictly(line, &r); err != nil {
		return Request{}, fmt.Errorf("the request cannot be read: %w", err)
	}
	switch {
	case s.secret != "" && subtle.ConstantTimeCompare([]byte(r.Secret), []byte(s.secret)) != 1:
		return Request{}, errors.New("the request does not have the secret of this session")
	case r.Version != Version:
		return Request{}, fmt.Errorf("the running heliograph speaks version %d of the protocol, not %d: restart it", Version, r.Version)
	}
	return r, conn.SetReadDeadline(time.Time{})
}
