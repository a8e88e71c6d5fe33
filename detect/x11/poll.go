package x11

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/screensaver"
	"github.com/jezek/xgb/xproto"
)

// returnPoll is how often the X server is asked for input while the user rests.
// While there is use, it is asked once in the time that counts as rest.
const returnPoll = time.Second

// Poll asks an X server without the SYNC extension for its idle time.
//
// Source: https://www.x.org/releases/current/doc/scrnsaverproto/saver.html
type Poll struct {
	conn *xgb.Conn
	root xproto.Drawable
	rest time.Duration
	done chan struct{}
	stop chan struct{}

	mu    sync.Mutex
	err   error
	state State
}

// WatchPoll connects to the X server of DISPLAY. The user rests when there has
// been no input for rest. changed is called whenever State may answer
// differently.
func WatchPoll(ctx context.Context, rest time.Duration, changed func()) (*Poll, error) {
	conn, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	p := &Poll{conn: conn, root: xproto.Drawable(xproto.Setup(conn).DefaultScreen(conn).Root), rest: rest,
		done: make(chan struct{}), stop: make(chan struct{})}
	idle, err := ask(func() (time.Duration, error) {
		if screensaver.Init(conn) != nil {
			return 0, errors.New("the display has no MIT-SCREEN-SAVER extension")
		}
		return p.query()
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	p.note(idle)
	go p.follow(idle, changed)
	return p, nil
}

func (p *Poll) query() (time.Duration, error) {
	info, err := screensaver.QueryInfo(p.conn, p.root).Reply()
	if err != nil {
		return 0, fmt.Errorf("the display's idle time cannot be read: %w", err)
	}
	return time.Duration(info.MsSinceUserInput) * time.Millisecond, nil
}

// note takes an idle time and reports whether that changes anything. Input that
// came and went between two answers is use as well.
func (p *Poll) note(idle time.Duration) (changed bool) {
	const slack = 50 * time.Millisecond // the answer took a while
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.state.Last.IsZero()
	at := time.Now().Round(0).Add(-idle)
	inUse := idle < p.rest || (!p.state.InUse && !first && at.Sub(p.state.Last) > slack)
	if inUse == p.state.InUse && !first {
		return false
	}
	p.state = State{InUse: inUse, Last: at}
	return true
}

// follow asks until it is stopped or the connection ends.
func (p *Poll) follow(idle time.Duration, changed func()) {
	defer close(p.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(p.wait(idle))
		select {
		case <-p.stop:
			return
		case <-timer.C:
		}
		var err error
		if idle, err = ask(p.query); err != nil {
			p.mu.Lock()
			p.err = err
			p.mu.Unlock()
			changed()
			return
		}
		if p.note(idle) {
			changed()
		}
	}
}

// wait returns the time until the next question, after an answer.
func (p *Poll) wait(idle time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch left := p.rest - idle; {
	case !p.state.InUse:
		return returnPoll
	case left <= 0:
		return p.rest // use that was noticed late lasts for a while
	default:
		return left
	}
}

// State returns the present state. An error means that the connection has
// ended.
func (p *Poll) State() (State, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state, p.err
}

// Close ends the connection.
func (p *Poll) Close() {
	close(p.stop)
	closeConn(p.conn, p.done)
}
