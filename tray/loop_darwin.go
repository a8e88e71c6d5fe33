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

// fyne.io/systray needs cgo on macOS. Without cgo this file calls Cocoa through
// purego, so that a program that was built on another system has an icon too.

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
}

// The delegate's methods, which Cocoa calls.
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

// onMain asks Cocoa to call a method of the delegate on the main thread. It does
// not wait for the call.
func onMain(selector string) {
	send(cocoa.delegate, "performSelectorOnMainThread:withObject:waitUntilDone:", objc.RegisterName(selector), objc.ID(0), false)
}

// openCocoa loads AppKit and registers the delegate's class, once.
func openCocoa() error {
	cocoa.once.Do(func() {
		if _, err := purego.Dlopen("/System/Library/Frameworks/AppKit.framework/AppKit", purego.RTLD_LAZY|purego.RTLD_GLOBAL); err != nil {
			cocoa.err = fmt.Errorf("the menu bar is not available: %w", err)
			return
		}
		method := func(name string, f func(sender objc.ID)) objc.MethodDef {
			return objc.MethodDef{Cmd: objc.RegisterName(name), Fn: func(_ objc.ID, _ objc.SEL, sender objc.ID) { f(sender) }}
		}
		delegate, err := objc.RegisterClass("HeliographDelegate", objc.GetClass("NSObject"), nil, nil, []objc.MethodDef{
			method(doLaunched, func(objc.ID) {
				launched, _ := current()
				launched()
			}),
			method(doApply, func(objc.ID) {
				_, d := current()
				d.redraw()
			}),
			method(doClick, func(row objc.ID) {
				_, d := current()
				d.clicked(objc.Send[int](row, objc.RegisterName("tag")))
			}),
			method(doStop, func(objc.ID) { stopCocoa() }),
		})
		if err != nil {
			cocoa.err = fmt.Errorf("the menu bar is not available: %w", err)
			return
		}
		cocoa.delegate = send(objc.ID(delegate), "new")
	})
	return cocoa.err
}

// current returns what the delegate's methods act on.
func current() (launched func(), d *drawer) {
	cocoa.mu.Lock()
	defer cocoa.mu.Unlock()
	return cocoa.launched, cocoa.drawer
}

// loop shows the tray until ctx ends. It must run on the main goroutine. The
// icon is made after the application has launched: an earlier one crashes some
// versions of macOS (gogpu/systray issue 32).
func loop(ctx context.Context, t *Tray, ready func()) error {
	if err := openCocoa(); err != nil {
		return err
	}
	app := send(class("NSApplication"), "sharedApplication")
	if app == 0 {
		return errors.New("there is no menu bar: start heliograph within your desktop session")
	}
	const accessory = 1 // no icon in the Dock
	send(app, "setActivationPolicy:", accessory)
	cocoa.mu.Lock()
	cocoa.launched = ready
	cocoa.mu.Unlock()
	send(app, "setDelegate:", cocoa.delegate)
	stop := context.AfterFunc(ctx, func() { onMain(doStop) })
	defer stop()
	t.opts.Host(true)
	send(app, "run")
	return nil
}

// point is NSPoint, and NSSize.
type point struct{ X, Y float64 }

// stopCocoa ends the application's loop, which notices a stop only after the
// next event: one is posted.
func stopCocoa() {
	app := send(class("NSApplication"), "sharedApplication")
	send(app, "stop:", objc.ID(0))
	const applicationDefined = 15
	event := send(class("NSEvent"), "otherEventWithType:location:modifierFlags:timestamp:windowNumber:context:subtype:data1:data2:",
		uint(applicationDefined), point{}, uint(0), float64(0), 0, objc.ID(0), int16(0), 0, 0)
	send(app, "postEvent:atStart:", event, true)
}
