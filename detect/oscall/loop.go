// Package oscall puts deadlines on calls into the operating system that take
// none: COM, Core Audio, and functions of the Windows API that wait for a
// service. Nothing can interrupt such a call. When its deadline passes, the
// caller gets an error and the goroutine of the call is abandoned: it ends when
// the call returns.
package oscall

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Deadlines of a Loop.
const (
	// OpenLimit is how long opening may take. The services of a healthy system
	// answer within milliseconds, but take seconds while a person signs in or
	// the computer is busy.
	OpenLimit = 20 * time.Second
	// CallLimit is how long each call of an open loop may take.
	CallLimit = 5 * time.Second
	// CloseLimit is how long Close waits. The detector closes up to five loops
	// one after another, and the program must quit within five seconds.
	CloseLimit = 800 * time.Millisecond
)

// Loop is a goroutine that calls the operating system until it is closed. It
// has an OS thread of its own, as COM apartments, window queues, run loops and
// registry notifications need.
//
// A loop has a name, which starts its errors about deadlines. While an
// abandoned loop has not ended, others of the same name are refused at once, so
// that a service that hangs costs one goroutine, not one for each attempt.
type Loop struct {
	name   string
	notify func()
	cancel context.CancelFunc // of the context of run
	stop   <-chan struct{}    // closed by cancel
	ready  chan struct{}      // closed by Ready
	done   chan struct{}      // closed when run has returned
	ended  atomic.Bool        // set just before done is closed

	mu  sync.Mutex
	err error
}

// Start runs a loop and returns when run has called Ready; it waits until ctx
// ends, for OpenLimit at most. An error of run before Ready is Start's; a later
// one is returned by Err, and notify is called. run has a context of its own.
// It must return when that ends, see Interrupt, and must release everything
// that it has acquired before it returns. notify must not block; nil means
// none.
func Start(ctx context.Context, name string, notify func(), run func(ctx context.Context, l *Loop) error) (*Loop, error) {
	if err := refuse(name); err != nil {
		return nil, err
	}
	if notify == nil {
		notify = func() {}
	}
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &Loop{name: name, notify: notify, cancel: cancel, stop: runCtx.Done(), ready: make(chan struct{}), done: make(chan struct{})}
	go l.run(runCtx, run)
	timer := time.NewTimer(OpenLimit)
	defer timer.Stop()
	select {
	case <-l.ready:
		return l, nil
	case <-l.done:
		return nil, l.Err()
	case <-ctx.Done():
		l.cancel()
		abandon(l)
		return nil, fmt.Errorf("%s: no answer: %w", name, ctx.Err())
	case <-timer.C:
		l.cancel()
		abandon(l)
		return nil, overdue(name, OpenLimit)
	}
}

func (l *Loop) run(ctx context.Context, run func(ctx context.Context, l *Loop) error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(l.done)
	defer l.ended.Store(true)
	err := run(ctx, l)
	if err == nil && ctx.Err() == nil {
		err = errors.New(l.name + ": ended unexpectedly")
	}
	if err != nil {
		l.fail(err)
	}
}

// Ready reports that the loop is open; run calls it once.
func (l *Loop) Ready() { close(l.ready) }

// Call runs f, which is part of run, with CallLimit as its deadline. When it
// passes, Err returns an error and notify is called while f goes on; Call then
// returns that error as soon as f returns, so that run ends.
func (l *Loop) Call(f func() error) error {
	overdueTimer := time.AfterFunc(CallLimit, func() { l.fail(overdue(l.name, CallLimit)) })
	err := f()
	if !overdueTimer.Stop() {
		return overdue(l.name, CallLimit)
	}
	return err
}

// fail keeps the first error, and calls notify for it if the loop was open.
func (l *Loop) fail(err error) {
	l.mu.Lock()
	first := l.err == nil
	if first {
		l.err = err
	}
	l.mu.Unlock()
	if !first {
		return
	}
	select {
	case <-l.ready:
		l.notify()
	default: // Start returns the error
	}
}

// Err returns why the loop no longer works; nil while it does. A loop with an
// error still has to be closed.
func (l *Loop) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Interrupt has f called when the loop is closed or abandoned, to make a wait
// of run in the operating system return. The first call may come before the
// wait that it is meant for, so f is repeated, ever more rarely, until run
// calls release. release returns when no call of f goes on.
func (l *Loop) Interrupt(f func()) (release func()) {
	released, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-released:
			return
		case <-l.stop:
		}
		const first, last = 20 * time.Millisecond, 5 * time.Second
		for pause := first; ; pause = min(2*pause, last) {
			f()
			select {
			case <-released:
				return
			case <-time.After(pause):
			}
		}
	}()
	return func() {
		close(released)
		<-done
	}
}

// Close ends the loop's context and waits until run has returned, for
// CloseLimit at most; then the loop is abandoned. It may be called more than
// once.
func (l *Loop) Close() {
	l.cancel()
	timer := time.NewTimer(CloseLimit)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
		abandon(l)
	}
}
