package day

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"heliograph/graph/emu"
)

// Request is one request that a program made.
type Request struct {
	At, End time.Duration
	Machine int
	Action  string // the last part of the path; "get" for a GET
	Body    string
	Failed  *Trouble // nil: it was answered by the emulator
	Status  int      // 0: no answer arrived
}

// scope returns which kind of request it is.
func (r Request) scope() Scope {
	switch r.Action {
	case "get":
		return Read
	case "setPresence", "clearPresence":
		return Session
	case "setUserPreferredPresence", "clearUserPreferredPresence":
		return Preferred
	case "setStatusMessage":
		return Message
	}
	return Token
}

// network is between one process and Microsoft: it takes time, it fails, and it
// stands still while the computer sleeps. What has left the computer arrives,
// even if the program has given up or was killed.
type network struct {
	world   *world
	machine int
	rng     *randoms

	mu   sync.Mutex
	dead bool          // the process was killed
	thaw chan struct{} // not nil: the computer sleeps until it is closed
}

var errDead = errors.New("the process was killed")

// randoms are sources of random numbers: requests to Graph and for tokens may be
// made at the same instant, and must not depend on each other's order.
type randoms struct{ graph, token *rand.Rand }

func newRandoms(seed, use uint64) *randoms {
	return &randoms{source(seed, 2*use), source(seed, 2*use+1)}
}

// freeze stops the process until resume or kill.
func (n *network) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.thaw == nil && !n.dead {
		n.thaw = make(chan struct{})
	}
}

func (n *network) resume() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.thaw != nil {
		close(n.thaw)
		n.thaw = nil
	}
}

func (n *network) kill() {
	n.mu.Lock()
	n.dead = true
	n.mu.Unlock()
	n.resume()
}

func (n *network) isDead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

// await returns when the process runs, and whether it did not.
func (n *network) await() (frozen bool) {
	for {
		n.mu.Lock()
		thaw := n.thaw
		n.mu.Unlock()
		if thaw == nil {
			return frozen
		}
		<-thaw
		frozen = true
	}
}

// RoundTrip makes one request.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	scope := Request{Action: actionOf(r)}.scope()
	n.pass(scope)
	if n.isDead() {
		return nil, errDead
	}
	body, err := readAll(r.Body)
	if err != nil {
		return nil, err
	}
	req := Request{At: n.world.elapsed(), Machine: n.machine, Action: actionOf(r)}
	if scope != Token {
		req.Body = string(body)
	}
	resp, err := n.exchange(r, body, &req)
	n.pass(scope)
	if n.isDead() {
		return nil, errDead
	}
	if req.End = n.world.elapsed(); err == nil {
		req.Status = resp.StatusCode
	}
	n.world.list(req)
	return resp, err
}

// pass returns when the process runs. One that was frozen goes on in a fixed
// order: first what waits for the clock, then requests for tokens, then those to
// Graph.
func (n *network) pass(scope Scope) {
	if !n.await() {
		return
	}
	after := 2 * time.Millisecond
	if scope == Token {
		after = time.Millisecond
	}
	<-time.After(after)
}

// answer is what came back.
type answer struct {
	resp *http.Response
	err  error
}

// exchange carries a request there and its answer back.
func (n *network) exchange(r *http.Request, body []byte, req *Request) (*http.Response, error) {
	ctx := r.Context()
	up, down := n.latency(req.scope()), n.latency(req.scope())
	t := n.world.trouble(n.machine, req.At, req.scope())
	req.Failed = t
	var fault *emu.Fault
	lag := time.Duration(0)
	if t != nil {
		switch t.Kind {
		case Down:
			return nil, errors.New("network is unreachable")
		case Hole:
			<-ctx.Done()
			return nil, ctx.Err()
		case Drop:
			return nil, failAfter(ctx, up+down, io.ErrUnexpectedEOF)
		case Slow:
			up, down = up+t.Delay/2+n.drawn(req.scope(), t.Delay/2), down+n.drawn(req.scope(), t.Delay/2)
		case Lag:
			lag = n.drawn(Read, t.Delay)
			req.Failed = nil
		case Portal:
			fault = &emu.Fault{Page: true, Times: 1}
		case Answer:
			fault = &emu.Fault{Status: t.Status, RetryAfter: emu.Seconds(t.RetryAfter), Times: 1}
		case Lose: // below
		}
	}
	out := make(chan answer, 1)
	go func() {
		<-time.After(up)
		in := r.Clone(context.WithoutCancel(ctx))
		in.Body = io.NopCloser(bytes.NewReader(body))
		resp, err := n.world.deliver(in, fault, lag)
		<-time.After(down)
		out <- answer{resp, err}
	}()
	select {
	case a := <-out:
		if t != nil && t.Kind == Lose {
			return nil, io.ErrUnexpectedEOF
		}
		return a.resp, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// failAfter returns err after d, or the reason why ctx has ended before.
func failAfter(ctx context.Context, d time.Duration, err error) error {
	select {
	case <-time.After(d):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// latency draws how long one way takes. Each is another number of nanoseconds,
// so that no two things happen in the same instant.
func (n *network) latency(s Scope) time.Duration {
	half := n.world.script.RoundTrip / 2
	return half/4 + n.drawn(s, half*3/4)
}

func (n *network) drawn(s Scope, up time.Duration) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	rng := n.rng.graph
	if s == Token {
		rng = n.rng.token
	}
	return time.Duration(rng.Int64N(int64(up) + 1))
}

func readAll(r io.ReadCloser) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	defer r.Close()
	return io.ReadAll(r)
}

// actionOf names a request.
func actionOf(r *http.Request) string {
	if strings.HasPrefix(r.URL.Host, "graph.") && r.Method == http.MethodGet {
		return "get"
	}
	return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
}
