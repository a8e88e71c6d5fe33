package detect

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ebitengine/purego"
)

// macSession tells lock, user switching and sleep. Notices of macOS come to a
// run loop on a thread of its own; each has the session's dictionary read
// anew, which alone is believed.
//
// Source: IOKit/pwr_mgt/IOPMLib.h, CoreGraphics/CGSession.h; the notices of
// the lock and its key are undocumented, and have been used for as long as
// there is a lock
type macSession struct {
	wake func()
	hold *sleepHold
	bell uintptr
	ring chan struct{}
	loop uintptr
	done chan struct{} // the run loop's end
	stop context.CancelFunc
	gone chan struct{} // the ringing's end

	mu    sync.Mutex
	state seatState
	woke  time.Time
	root  uint32 // the power's port
}

// powerSession is the one that the callback, which cannot be given a pointer
// of Go's, is about: a process needs no more.
var powerSession struct {
	sync.Mutex
	s *macSession
}

// The callbacks, made once: they are never freed.
var (
	powerCallback = sync.OnceValue(func() uintptr {
		return purego.NewCallback(func(_ uintptr, _ uint32, msg uint32, id uintptr) uintptr {
			powerSession.Lock()
			s := powerSession.s
			powerSession.Unlock()
			if s != nil {
				s.power(msg, int(id))
			}
			return 0
		})
	})
	noticeCallback = sync.OnceValue(func() uintptr {
		return purego.NewCallback(func(_, bell, _, _, _ uintptr) uintptr {
			ringBell(bell)
			return 0
		})
	})
)

func openMacSession(ctx context.Context, e env) (source, error) {
	if err := frameworks(); err != nil {
		return nil, err
	}
	s := &macSession{wake: e.changed, hold: e.sleep, ring: make(chan struct{}, 1), done: make(chan struct{}), gone: make(chan struct{})}
	powerSession.Lock()
	taken := powerSession.s != nil
	if !taken {
		powerSession.s = s
	}
	powerSession.Unlock()
	if taken {
		return nil, errors.New("sleep is followed already")
	}
	s.bell = newBell(s.ring)
	s.look()
	started := make(chan error)
	go lockedThread(func() { s.run(started) })
	if err := <-started; err != nil {
		<-s.done
		s.forget()
		return nil, err
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	go s.follow(ctx)
	return s, nil
}

func (s *macSession) forget() {
	dropBell(s.bell)
	powerSession.Lock()
	powerSession.s = nil
	powerSession.Unlock()
}

// run registers for notices and serves them until it is stopped.
func (s *macSession) run(started chan<- error) {
	defer close(s.done)
	var port uintptr
	var notifier uint32
	root := ioRegisterPower(0, &port, powerCallback(), &notifier)
	if root == 0 {
		started <- errors.New("macOS does not tell of sleep")
		return
	}
	s.mu.Lock()
	s.root, s.loop = root, cfRunLoopCurrent()
	s.mu.Unlock()
	cfRunLoopAddSource(s.loop, ioPortSource(port), cfDefaultMode)
	const deliverAtOnce = 4
	for name, center := range map[string]uintptr{
		"com.apple.screenIsLocked":                        cfDistributedCenter(),
		"com.apple.screenIsUnlocked":                      cfDistributedCenter(),
		"com.apple.coregraphics.GUIConsoleSessionChanged": cfDarwinCenter(),
	} {
		text := cfText(name)
		cfAddObserver(center, s.bell, noticeCallback(), text, 0, deliverAtOnce)
		cfRelease(text)
	}
	started <- nil
	cfRunLoopRun()
	cfRemoveEveryObserver(cfDistributedCenter(), s.bell)
	cfRemoveEveryObserver(cfDarwinCenter(), s.bell)
	ioDeregisterPower(&notifier)
	ioServiceClose(root)
	ioPortDestroy(port)
}

// follow reads the session anew after each notice.
func (s *macSession) follow(ctx context.Context) {
	defer close(s.gone)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ring:
			if s.look() {
				s.wake()
			}
		}
	}
}

// look reads the session's dictionary. Without one, this is no session with a
// screen, and nobody is at it.
func (s *macSession) look() (changed bool) {
	locked, elsewhere := false, true
	if d := cgSession(); d != 0 {
		locked, elsewhere = truth(value(d, "CGSSessionScreenIsLocked")), !truth(value(d, "kCGSSessionOnConsoleKey"))
		cfRelease(d)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	changed = locked != s.state.locked || elsewhere != s.state.elsewhere
	s.state.locked, s.state.elsewhere = locked, elsewhere
	return changed
}

// power takes a message in, on the run loop's thread. macOS waits for the
// answer before the machine sleeps.
func (s *macSession) power(msg uint32, id int) {
	s.mu.Lock()
	slept := s.state.asleep
	changed, answer, hold := s.state.macPower(msg)
	if slept && !s.state.asleep {
		s.woke = time.Now().Round(0)
	}
	root := s.root
	var ready <-chan struct{}
	if hold > 0 {
		ready = s.hold.begin(hold) // before anybody can see that the computer goes to sleep
	}
	s.mu.Unlock()
	if changed {
		s.wake()
	}
	if ready != nil {
		<-ready
	}
	if answer {
		ioAllowPowerChange(root, id)
	}
}

// sample reads the dictionary too: where no run loop serves the notices of the
// lock, the next look at the desk sees it.
func (s *macSession) sample() (result, error) {
	s.look()
	s.mu.Lock()
	defer s.mu.Unlock()
	return seatResult{locked: s.state.locked, asleep: s.state.asleep, elsewhere: s.state.elsewhere, woke: s.woke}, nil
}

func (s *macSession) close() {
	s.hold.release()
	s.stop()
	<-s.gone
	cfRunLoopStop(s.loop)
	<-s.done
	s.forget()
}
