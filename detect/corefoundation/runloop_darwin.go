package corefoundation

import (
	"sync"

	"github.com/ebitengine/purego"
)

// RunLoop is a CFRunLoop. It lives as long as its thread.
type RunLoop uintptr

// CurrentRunLoop returns the run loop of the calling thread, to which the
// goroutine must be locked.
func CurrentRunLoop() RunLoop { return cfRunLoopCurrent() }

// MainLoopRuns reports whether the run loop of the main thread runs, on which
// some notifications are delivered. It may be called on any thread.
//
// Source: CFRunLoop.h, CFRunLoopCopyCurrentMode: NULL if the loop does not run.
func MainLoopRuns() bool {
	mode := cfRunLoopMode(cfRunLoopMain())
	mode.Release()
	return mode != 0
}

// AddSource adds a CFRunLoopSource in the default mode.
func (l RunLoop) AddSource(source Ref) {
	mode := NewString("kCFRunLoopDefaultMode") // the constant of this name has its name as its value
	defer mode.Release()
	cfRunLoopAddSource(l, source, mode)
}

// Run runs the loop of the calling thread until it is stopped or has no source.
func Run() { cfRunLoopRun() }

// Stop makes Run return, if it runs now.
func (l RunLoop) Stop() { cfRunLoopStop(l) }

// Center is a CFNotificationCenter.
type Center int

// Centers of this computer.
const (
	Distributed Center = iota // from programs of this login session
	Darwin                    // from the system
)

func (c Center) ref() uintptr {
	if c == Darwin {
		return cfDarwinCenter()
	}
	return cfDistributedCenter()
}

// Observer receives notifications while a run loop runs: of the thread that adds
// them, and of the main thread for Distributed ones (reported by users; Apple's
// documentation does not say).
type Observer struct{ number uintptr }

var observers Handles[func()]

// observerCallback is made once, since purego never frees a callback.
var observerCallback = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(_, observer, _, _, _ uintptr) uintptr {
		if notify, ok := observers.Get(observer); ok {
			notify()
		}
		return 0
	})
})

// NewObserver makes an observer, to be closed. notify must not block.
func NewObserver(notify func()) Observer { return Observer{observers.New(notify)} }

// Add has the observer receive the notifications with a name.
func (o Observer) Add(c Center, name string) {
	const deliverImmediately = 4 // CFNotificationSuspensionBehaviorDeliverImmediately
	n := NewString(name)
	defer n.Release()
	cfAddObserver(c.ref(), o.number, observerCallback(), n, 0, deliverImmediately)
}

// Close ends all notifications.
func (o Observer) Close() {
	for _, c := range []Center{Distributed, Darwin} {
		cfRemoveObserver(c.ref(), o.number)
	}
	observers.Delete(o.number)
}
