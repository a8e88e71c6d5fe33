package detect

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

// returnPoll is how often a resting desk is asked for input. It is the only
// question that heliograph repeats, and only where the display tells nothing
// by itself; a desk in use is asked once per Options.Settle.
const returnPoll = time.Second

// pollIdle asks an X server without the SYNC extension.
//
// Source: https://www.x.org/releases/current/doc/scrnsaverproto/saver.html
type pollIdle struct {
	conn   *xgb.Conn
	root   xproto.Drawable
	settle time.Duration
	wake   func()
	done   chan struct{}
	stop   chan struct{}

	mu    sync.Mutex
	err   error
	inUse bool
	last  time.Time
}

func openPollIdle(_ context.Context, e env) (source, error) {
	conn, err := dialX()
	if err != nil {
		return nil, err
	}
	if err := screensaver.Init(conn); err != nil {
		conn.Close()
		return nil, errors.New("the display has no MIT-SCREEN-SAVER extension")
	}
	p := &pollIdle{conn: conn, root: xproto.Drawable(xproto.Setup(conn).DefaultScreen(conn).Root), settle: e.settle, wake: e.changed,
		done: make(chan struct{}), stop: make(chan struct{})}
	idle, err := p.ask()
	if err != nil {
		conn.Close()
		return nil, err
	}
	p.take(idle)
	go p.follow(idle)
	return p, nil
}

func (p *pollIdle) ask() (time.Duration, error) {
	info, err := screensaver.QueryInfo(p.conn, p.root).Reply()
	if err != nil {
		return 0, fmt.Errorf("the display's idle time cannot be read: %w", err)
	}
	return time.Duration(info.MsSinceUserInput) * time.Millisecond, nil
}

// take reports whether that changes anything. Input that came and went between
// two questions is use as well.
func (p *pollIdle) take(idle time.Duration) bool {
	const slack = 50 * time.Millisecond // the answer took a while
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Now().Round(0).Add(-idle)
	inUse := idle < p.settle || (!p.inUse && !p.last.IsZero() && at.Sub(p.last) > slack)
	if inUse == p.inUse && !p.last.IsZero() {
		return false
	}
	p.inUse, p.last = inUse, at
	return true
}

func (p *pollIdle) follow(idle time.Duration) {
	defer close(p.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait := returnPoll
		if p.used() {
			if wait = p.settle - idle; wait <= 0 {
				wait = p.settle // use that was seen late is told at all
			}
		}
		timer.Reset(wait)
		select {
		case <-p.stop:
			return
		case <-timer.C:
		}
		var err error
		if idle, err = p.ask(); err != nil {
			p.mu.Lock()
			p.err = err
			p.mu.Unlock()
			p.wake()
			return
		}
		if p.take(idle) {
			p.wake()
		}
	}
}

func (p *pollIdle) used() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inUse
}

func (p *pollIdle) sample() (result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil, p.err
	}
	return idleResult{inUse: p.inUse, last: p.last}, nil
}

func (p *pollIdle) close() {
	close(p.stop)
	p.conn.Close()
	<-p.done
}
