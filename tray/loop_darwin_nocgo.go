//go:build darwin && !cgo

package tray

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"
)

// Without cgo, the tray library is not there; this speaks to Cocoa through
// purego, so that a build from any system has its icon.

func init() {
	// Cocoa answers on the process's first thread only, which main's goroutine
	// has now, and Run is called on that.
	runtime.LockOSThread()
}

// cocoa is the one application of the process. Its methods are called back on
// the main thread alone.
var cocoa struct {
	once     sync.Once
	err      error
	delegate objc.ID

	mu       sync.Mutex
	launched func() // once the application has
	drawer   *drawer
}

// Names of what Cocoa is told, and calls back.
var (
	doLaunched = "applicationDidFinishLaunching:"
	doApply    = "heliographApply:"
	doClick    = "heliographClick:"
	doStop     = "heliographStop:"
)

func send(to objc.ID, selector string, args ...any) objc.ID {
	return to.Send(objc.RegisterName(selector), args...)
}

func class(name string) objc.ID { return objc.ID(objc.GetClass(name)) }

// onMain has the delegate called on the main thread, soon.
func onMain(selector string) {
	send(cocoa.delegate, "performSelectorOnMainThread:withObject:waitUntilDone:", objc.RegisterName(selector), objc.ID(0), false)
}

// openCocoa loads the library and registers the delegate's class, once.
func openCocoa() error {
	cocoa.once.Do(func() {
		if _, err := purego.Dlopen("/System/Library/Frameworks/AppKit.framework/AppKit", purego.RTLD_LAZY|purego.RTLD_GLOBAL); err != nil {
			cocoa.err = fmt.Errorf("the menu bar cannot be reached: %w", err)
			return
		}
		method := func(name string, f func(sender objc.ID)) objc.MethodDef {
			return objc.MethodDef{Cmd: objc.RegisterName(name), Fn: func(_ objc.ID, _ objc.SEL, sender objc.ID) { f(sender) }}
		}
		delegate, err := objc.RegisterClass("HeliographDelegate", objc.GetClass("NSObject"), nil, nil, []objc.MethodDef{
			method(doLaunched, func(objc.ID) { current().launched() }),
			method(doApply, func(objc.ID) { current().drawer.redraw() }),
			method(doClick, func(row objc.ID) {
				current().drawer.clicked(objc.Send[int](row, objc.RegisterName("tag")))
			}),
			method(doStop, func(objc.ID) { stopCocoa() }),
		})
		if err != nil {
			cocoa.err = fmt.Errorf("the menu bar cannot be reached: %w", err)
			return
		}
		cocoa.delegate = send(objc.ID(delegate), "new")
	})
	return cocoa.err
}

// callees are whom the delegate calls.
type callees struct {
	launched func()
	drawer   *drawer
}

func current() callees {
	cocoa.mu.Lock()
	defer cocoa.mu.Unlock()
	return callees{cocoa.launched, cocoa.drawer}
}

// loop shows the tray until ctx ends. It must run on the main goroutine. The
// icon is made once the application has launched: before, it crashes some
// versions of macOS (gogpu/systray issue 32).
func loop(ctx context.Context, t *Tray, ready func()) error {
	if err := openCocoa(); err != nil {
		return err
	}
	app := send(class("NSApplication"), "sharedApplication")
	if app == 0 {
		return errors.New("there is no menu bar: run heliograph in your own session")
	}
	const accessory = 1 // no icon in the Dock
	send(app, "setActivationPolicy:", accessory)
	cocoa.mu.Lock()
	cocoa.launched = ready
	cocoa.mu.Unlock()
	send(app, "setDelegate:", cocoa.delegate)
	stop := context.AfterFunc(ctx, func() { onMain(doStop) })
	defer stop()
	if t.opts.Host != nil {
		t.opts.Host(true)
	}
	send(app, "run")
	return nil
}

// point is NSPoint, and NSSize.
type point struct{ X, Y float64 }

// stopCocoa ends the application's loop, which looks whether it was stopped
// only after an event.
func stopCocoa() {
	app := send(class("NSApplication"), "sharedApplication")
	send(app, "stop:", objc.ID(0))
	const applicationDefined = 15
	event := send(class("NSEvent"), "otherEventWithType:location:modifierFlags:timestamp:windowNumber:context:subtype:data1:data2:",
		uint(applicationDefined), point{}, uint(0), float64(0), 0, objc.ID(0), int16(0), 0, 0)
	send(app, "postEvent:atStart:", event, true)
}
