// Package control is the door through which the command line speaks to the
// running heliograph: a socket that only the same user can open. Holding it
// makes an instance the only one.
//
// The protocol is lines of JSON: one request, then one answer, or for a
// request that follows something, answers until either side ends it.
package control

import (
	"bufio"
	"bytes"
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

// Version is the protocol's; a client of another version is told so.
const Version = 1

// maxLine bounds a request or an answer.
const maxLine = 1 << 20

// requestTimeout is how long a client may take to say what it wants, and the
// server to take an answer off its hands.
const requestTimeout = 5 * time.Second

// maxClients bounds what a mad client can hold open.
const maxClients = 32

// ErrRunning means that another instance holds the socket.
var ErrRunning = errors.New("heliograph is running already")

// ErrNotRunning means that no instance holds the socket.
var ErrNotRunning = errors.New("heliograph is not running. Start it with: heliograph")

// Request is what a client asks.
type Request struct {
	Version int             `json:"version"`
	Verb    string          `json:"verb"`
	Args    json.RawMessage `json:"args,omitempty"`
	// Secret proves the user where the socket itself cannot.
	Secret string `json:"secret,omitempty"`
}

// Decode reads the request's arguments, strictly.
func (r Request) Decode(v any) error {
	if len(r.Args) == 0 {
		return nil
	}
	if err := strict(r.Args, v); err != nil {
		return fmt.Errorf("arguments of %q cannot be read: %w", r.Verb, err)
	}
	return nil
}

// strict reads one JSON value that has no field of its own invention and
// nothing behind it.
func strict(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}

// answer is one line back.
type answer struct {
	OK    bool            `json:"ok"`
	Error string          `json:"error,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// Handler answers one request by calling reply once, or again and again while
// it follows something; ctx ends when the client goes.
type Handler func(ctx context.Context, r Request, reply func(any) error) error

// Server answers on the socket.
type Server struct {
	ln     net.Listener
	free   func()
	secret string
	log    *slog.Logger
	slots  chan struct{}
	wait   sync.WaitGroup
	cancel context.CancelFunc
}

// Listen takes the socket in dir, or returns ErrRunning.
func Listen(dir string, log *slog.Logger) (*Server, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ln, secret, free, err := listen(dir)
	if err != nil {
		return nil, err
	}
	return &Server{ln: ln, free: free, secret: secret, log: log, slots: make(chan struct{}, maxClients), cancel: func() {}}, nil
}

// Serve answers with h until ctx ends or Close.
func (s *Server) Serve(ctx context.Context, h Handler) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.wait.Go(func() {
		for {
			conn, err := s.ln.Accept()
			if err != nil {
				return
			}
			select {
			case s.slots <- struct{}{}:
			default:
				conn.Close()
				continue
			}
			s.wait.Go(func() {
				defer func() { <-s.slots }()
				s.answer(ctx, conn, h)
			})
		}
	})
	context.AfterFunc(ctx, func() { s.ln.Close() })
}

// Close gives the socket back.
func (s *Server) Close() {
	s.cancel()
	s.ln.Close()
	s.wait.Wait()
	s.free()
}

func (s *Server) answer(ctx context.Context, conn net.Conn, h Handler) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	send := func(a answer) error {
		line, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if err := conn.SetWriteDeadline(time.Now().Add(requestTimeout)); err != nil {
			return err
		}
		_, err = conn.Write(append(line, '\n'))
		return err
	}
	req, err := s.request(conn)
	if err != nil {
		_ = send(answer{Error: err.Error()}) // the client may be gone
		return
	}
	go func() { // a client that hangs up ends what it follows
		_, _ = io.Copy(io.Discard, conn)
		cancel()
	}()
	err = h(ctx, req, func(v any) error {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return send(answer{OK: true, Data: data})
	})
	if err != nil && ctx.Err() == nil {
		_ = send(answer{Error: err.Error()})
	}
}

// request reads and checks what the client wants.
func (s *Server) request(conn net.Conn) (Request, error) {
	if err := samePerson(conn); err != nil {
		return Request{}, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(requestTimeout)); err != nil {
		return Request{}, err
	}
	line, err := readLine(bufio.NewReader(conn))
	if err != nil {
		return Request{}, err
	}
	var r Request
	if err := strict(line, &r); err != nil {
		return Request{}, fmt.Errorf("the request cannot be read: %w", err)
	}
	switch {
	case s.secret != "" && subtle.ConstantTimeCompare([]byte(r.Secret), []byte(s.secret)) != 1:
		return Request{}, errors.New("the request does not know the secret of this session")
	case r.Version != Version:
		return Request{}, fmt.Errorf("the running heliograph speaks version %d of the protocol, not %d: restart it", Version, r.Version)
	}
	return r, conn.SetReadDeadline(time.Time{})
}

// readLine reads up to a newline, within bounds.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, fmt.Errorf("the line is longer than %d bytes", maxLine)
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		default:
			return nil, fmt.Errorf("the line broke off: %w", err)
		}
	}
}

// Call asks the running instance and reads one answer into out (nil: none).
func Call(ctx context.Context, dir, verb string, args, out any) error {
	return Follow(ctx, dir, verb, args, func(data json.RawMessage) (bool, error) {
		if out == nil || len(data) == 0 {
			return false, nil
		}
		return false, json.Unmarshal(data, out)
	})
}

// Follow asks the running instance and hands each answer to each, as long as
// that returns true.
func Follow(ctx context.Context, dir, verb string, args any, each func(json.RawMessage) (more bool, err error)) error {
	conn, secret, err := dial(ctx, dir)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	req := Request{Version: Version, Verb: verb, Secret: secret}
	if args != nil {
		if req.Args, err = json.Marshal(args); err != nil {
			return fmt.Errorf("arguments of %q: %w", verb, err)
		}
	}
	line, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("the running heliograph does not listen: %w", err)
	}
	in := bufio.NewReader(conn)
	for {
		line, err := readLine(in)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("the running heliograph does not answer: %w", err)
		}
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			return fmt.Errorf("the answer cannot be read: %w", err)
		}
		if !a.OK {
			return errors.New(a.Error)
		}
		if more, err := each(a.Data); err != nil || !more {
			return err
		}
	}
}
