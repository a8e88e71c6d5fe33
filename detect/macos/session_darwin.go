package macos

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ebitengine/purego"

	"heliograph/detect/corefoundation"
	"heliograph/detect/latest"
	"heliograph/detect/oscall"
)

// SessionWatcher keeps the state of the login session up to date. One loop
// receives power messages and notifications on a run loop; the other reads the
// session's dictionary after each notification, since only the dictionary has
// the state.
type SessionWatcher struct {
	notify  func()
	delay   func(limit time.Duration) <-chan struct{}
	reader  *oscall.Loop
	runLoop *oscall.Loop
	stale   chan struct{} // the dictionary is to be read again
	noticed chan struct{} // a notification came; the dictionary follows soon

	mu    sync.Mutex
	state State
	root  uint32 // the connection for answers to power messages
}

// WatchSession starts to watch; ctx is for opening only. notify is called, from
// any goroutine, when State may return something else; it must not block.
//
// Before sleep, macOS waits for the program, for a few seconds. delay is then
// called with that time, before State returns the change. macOS goes on as soon
// as the channel that delay returns is closed, which must happen within that
// time.
func WatchSession(ctx context.Context, notify func(), delay func(limit time.Duration) <-chan struct{}) (*SessionWatcher, error) {
	w := &SessionWatcher{notify: notify, delay: delay, stale: make(chan struct{}, 1), noticed: make(chan struct{}, 1)}
	var err error
	if w.reader, err = oscall.Start(ctx, "login session", notify, w.runReader); err != nil {
		return nil, err
	}
	if w.runLoop, err = oscall.Start(ctx, "sleep notifications", notify, w.runNotifications); err != nil {
		w.reader.Close()
		return nil, err
	}
	return w, nil
}

// State returns the state of the session, and has the dictionary read again:
// other changes often come with one of the lock. An error means that the session
// is no longer watched.
func (w *SessionWatcher) State() (State, error) {
	if err := errors.Join(w.reader.Err(), w.runLoop.Err()); err != nil {
		return State{}, err
	}
	latest.Notify(w.stale)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, nil
}

// Close ends the watcher. It may be called more than once. It waits for a delay
// that goes on, for a short time only.
func (w *SessionWatcher) Close() {
	w.runLoop.Close()
	w.reader.Close()
}

// runReader reads the dictionary when it may have changed.
func (w *SessionWatcher) runReader(ctx context.Context, l *oscall.Loop) error {
	if err := load(); err != nil {
		return err
	}
	w.readDictionary()
	l.Ready()
	var readings readings
	timer := time.NewTimer(readings.next(time.Now(), corefoundation.MainLoopRuns()))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.stale:
		case <-w.noticed:
			readings.notified(time.Now())
		case <-timer.C:
		}
		var changed, mainLoop bool
		err := l.Call(func() error {
			corefoundation.Pool(func() { changed, mainLoop = w.readDictionary(), corefoundation.MainLoopRuns() })
			return nil
		})
		if err != nil {
			return err
		}
		timer.Reset(readings.next(time.Now(), mainLoop))
		if changed {
			w.notify()
		}
	}
}

// readDictionary reads the session's dictionary. A session without one has no
// screen.
//
// Source: CGSession.h, kCGSessionOnConsoleKey; the key of the lock is
// undocumented and in general use.
func (w *SessionWatcher) readDictionary() (changed bool) {
	locked, background := false, true
	if d := cgSession(); d != 0 {
		locked, background = d.Get("CGSSessionScreenIsLocked").Bool(), !d.Get("kCGSSessionOnConsoleKey").Bool()
		d.Release()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	changed = locked != w.state.Locked || background != w.state.Background
	w.state.Locked, w.state.Background = locked, background
	return changed
}

// sessions are the watchers, for the callback.
var sessions corefoundation.Handles[*SessionWatcher]

// powerCallback is an IOServiceInterestCallback, made once since purego never
// frees a callback.
var powerCallback = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(number uintptr, _ uint32, message uint32, id uintptr) uintptr {
		if w, ok := sessions.Get(number); ok {
			w.receive(message, int(id))
		}
		return 0
	})
})

// runNotifications registers for power messages and notifications, which
// arrive on the run loop of its thread, until it is closed.
//
// Source: IOPMLib.h, IORegisterForSystemPower. The notifications of the lock are
// undocumented and in general use.
func (w *SessionWatcher) runNotifications(_ context.Context, l *oscall.Loop) error {
	number := sessions.New(w)
	defer sessions.Delete(number)
	var port uintptr
	var notifier uint32
	root := ioRegisterPower(number, &port, powerCallback(), &notifier)
	if root == 0 {
		return errors.New("IORegisterForSystemPower failed")
	}
	defer func() {
		ioDeregisterPower(&notifier)
		ioServiceClose(root)
		ioPortDestroy(port)
	}()
	w.mu.Lock()
	w.root = root
	w.mu.Unlock()
	loop := corefoundation.CurrentRunLoop()
	loop.AddSource(ioPortSource(port))
	observer := corefoundation.NewObserver(func() { latest.Notify(w.noticed) })
	defer observer.Close()
	observer.Add(corefoundation.Distributed, "com.apple.screenIsLocked")
	observer.Add(corefoundation.Distributed, "com.apple.screenIsUnlocked")
	observer.Add(corefoundation.Darwin, "com.apple.coregraphics.GUIConsoleSessionChanged")
	release := l.Interrupt(loop.Stop)
	defer release()
	l.Ready()
	corefoundation.Run()
	return nil
}

// receive handles a power message, on the thread of the run loop. The computer
// sleeps only after it was answered.
func (w *SessionWatcher) receive(message uint32, id int) {
	w.mu.Lock()
	before := w.state
	answer, limit := w.state.apply(message, time.Now())
	changed := w.state != before
	var delayed <-chan struct{}
	if limit > 0 {
		delayed = w.delay(limit) // before anybody can see the new state
	}
	root := w.root
	w.mu.Unlock()
	if changed {
		w.notify()
	}
	if delayed != nil {
		<-delayed
	}
	if answer {
		ioAllowPowerChange(root, id)
	}
}
