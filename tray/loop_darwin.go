package tray

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"

	"heliograph/detect/corefoundation"
)

// fyne.io/systray needs cgo on macOS, and ends the process within AppKit. This
// file and menu_darwin.go call AppKit through purego, so that a program that was
// built on any system has an icon.

func init() {
	// Cocoa works on the first thread of the process only. It is the one of
	// main's goroutine now, on which Run is called.
	runtime.LockOSThread()
}

// cocoa is the one application of the process. Cocoa calls its methods on the
// main thread only.
var cocoa struct {
	once     sync.Once
	err      error
	delegate objc.ID

	mu       sync.Mutex
	launched func() // called when the application has launched
	drawer   *drawer
	ending   *ending
	ended    bool // the desktop has asked that the program end
}

// The delegate's methods, which Cocoa calls.
const (
	doLaunched  = "applicationDidFinishLaunching:"
	doTerminate = "applicationShouldTerminate:"
	doApply     = "heliographApply:"
	doClick     = "heliographClick:"
	doStop      = "heliographStop:"
	doReply     = "heliographReply:"
)

func send(to objc.ID, selector string, args ...any) objc.ID {
	return to.Send(objc.RegisterName(selector), args...)
}

func class(name string) objc.ID { return objc.ID(objc.GetClass(name)) }

// onMain asks Cocoa to call a method of the delegate on the main thread. It does
// not wait for the call.
func onMain(selector string) {
	corefoundation.Pool(func() {
		send(cocoa.delegate, "performSelectorOnMainThread:withObject:waitUntilDone:", objc.RegisterName(selector), objc.ID(0), false)
	})
}

// openFramework loads a framework, so that its classes are known.
func openFramework(name string) error {
	if err := corefoundation.Load(); err != nil {
		return err
	}
	_, err := purego.Dlopen(corefoundation.FrameworkPath(name), purego.RTLD_LAZY|purego.RTLD_GLOBAL)
	return err
}

// openCocoa loads AppKit and registers the delegate's class, once.
func openCocoa() error {
	cocoa.once.Do(func() {
		if err := openFramework("AppKit"); err != nil {
			cocoa.err = fmt.Errorf("the menu bar is not available: %w", err)
			return
		}
		delegate, err := objc.RegisterClass("HeliographDelegate", objc.GetClass("NSObject"), nil, nil, delegateMethods())
		if err != nil {
			cocoa.err = fmt.Errorf("the menu bar is not available: %w", err)
			return
		}
		corefoundation.Pool(func() { cocoa.delegate = send(objc.ID(delegate), "new") })
	})
	return cocoa.err
}

func delegateMethods() []objc.MethodDef {
	method := func(name string, f func(sender objc.ID)) objc.MethodDef {
		return objc.MethodDef{Cmd: objc.RegisterName(name), Fn: func(_ objc.ID, _ objc.SEL, sender objc.ID) { f(sender) }}
	}
	return []objc.MethodDef{
		method(doLaunched, func(objc.ID) {
			launched, _ := current()
			launched()
		}),
		{Cmd: objc.RegisterName(doTerminate), Fn: func(_ objc.ID, _ objc.SEL, _ objc.ID) uint { return terminate() }},
		method(doApply, func(objc.ID) {
			_, d := current()
			d.redraw()
		}),
		method(doClick, func(row objc.ID) {
			_, d := current()
			d.clicked(int(send(row, "tag")))
		}),
		method(doStop, func(objc.ID) { stopCocoa() }),
		method(doReply, func(objc.ID) {
			send(send(class("NSApplication"), "sharedApplication"), "replyToApplicationShouldTerminate:", true)
		}),
	}
}

// current returns what the delegate's methods act on.
func current() (launched func(), d *drawer) {
	cocoa.mu.Lock()
	defer cocoa.mu.Unlock()
	return cocoa.launched, cocoa.drawer
}

// exitTimeout is how long AppKit may take to end the process once it was allowed
// to; it does so at once.
const exitTimeout = time.Second

// terminate answers AppKit, which ends the process itself at sign-out, at
// shutdown and when another program asks it to quit: later, when presence is
// given back. Until then AppKit goes on with the main thread's run loop, so that
// what is to be done there still is.
//
// Source: NSApplication.h, NSApplicationTerminateReply
func terminate() uint {
	const terminateLater = 2 // NSTerminateLater
	cocoa.mu.Lock()
	cocoa.ended = true
	e := cocoa.ending
	cocoa.mu.Unlock()
	e.request(func() {
		time.AfterFunc(exitTimeout, func() { os.Exit(0) })
		onMain(doReply)
	})
	return terminateLater
}

// loop shows the tray until ctx ends. It must run on the main goroutine. The
// icon is made after the application has launched: an earlier one crashes some
// versions of macOS (gogpu/systray issue 32).
func loop(ctx context.Context, t *Tray, ready func()) error {
	if err := checkMenuBar(); err != nil {
		return err
	}
	if err := openCocoa(); err != nil {
		return err
	}
	cocoa.mu.Lock()
	cocoa.launched, cocoa.ending = ready, &ending{end: t.opts.End}
	cocoa.mu.Unlock()
	var app, activity objc.ID
	corefoundation.Pool(func() {
		app = send(class("NSApplication"), "sharedApplication")
		const accessory = 1 // NSApplicationActivationPolicyAccessory: no icon in the Dock
		send(app, "setActivationPolicy:", accessory)
		send(app, "setDelegate:", cocoa.delegate)
		activity = beginActivity()
	})
	defer endActivity(activity)
	stop := context.AfterFunc(ctx, func() { onMain(doStop) })
	defer stop()
	t.opts.Host(true)
	send(app, "run")
	return nil
}

// beginActivity keeps App Nap away from the program, which has no window and
// would be woken up once in some seconds only. The computer may still sleep. The
// bundle says the same; a program without one has only this.
//
// Source: NSProcessInfo.h, NSActivityOptions
func beginActivity() objc.ID {
	const userInitiatedAllowingIdleSystemSleep = 0x00EFFFFF // NSActivityUserInitiatedAllowingIdleSystemSleep
	info := send(class("NSProcessInfo"), "processInfo")
	return send(send(info, "beginActivityWithOptions:reason:", uint(userInitiatedAllowingIdleSystemSleep), text("follows calls and input")), "retain")
}

func endActivity(activity objc.ID) {
	corefoundation.Pool(func() {
		send(send(class("NSProcessInfo"), "processInfo"), "endActivity:", activity)
		send(activity, "release")
	})
}

// point is NSPoint, and NSSize.
type point struct{ X, Y float64 }

// stopCocoa ends the application's loop, which notices a stop only after the
// next event: one is posted. While the desktop ends the program, AppKit waits
// for its answer instead.
func stopCocoa() {
	cocoa.mu.Lock()
	ended := cocoa.ended
	cocoa.mu.Unlock()
	if ended {
		return
	}
	app := send(class("NSApplication"), "sharedApplication")
	send(app, "stop:", objc.ID(0))
	const applicationDefined = 15 // NSEventTypeApplicationDefined
	event := send(class("NSEvent"), "otherEventWithType:location:modifierFlags:timestamp:windowNumber:context:subtype:data1:data2:",
		uint(applicationDefined), point{}, uint(0), float64(0), 0, objc.ID(0), int16(0), 0, 0)
	send(app, "postEvent:atStart:", event, true)
}
