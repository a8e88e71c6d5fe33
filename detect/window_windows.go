package detect

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Windows speaks to windows: session, power and input arrive as messages. One
// hidden window, with one goroutine that keeps to its thread, serves all parts
// of the detector. It is a top-level one, since broadcasts pass message-only
// windows by.

var (
	user32              = windows.NewLazySystemDLL("user32.dll")
	procRegisterClassEx = user32.NewProc("RegisterClassExW")
	procCreateWindowEx  = user32.NewProc("CreateWindowExW")
	procDestroyWindow   = user32.NewProc("DestroyWindow")
	procDefWindowProc   = user32.NewProc("DefWindowProcW")
	procGetMessage      = user32.NewProc("GetMessageW")
	procDispatchMessage = user32.NewProc("DispatchMessageW")
	procPostMessage     = user32.NewProc("PostMessageW")
	procPostQuitMessage = user32.NewProc("PostQuitMessage")
	procGetModuleHandle = kernel32.NewProc("GetModuleHandleW")
	kernel32            = windows.NewLazySystemDLL("kernel32.dll")
	windowClassName, _  = windows.UTF16PtrFromString("heliograph-detect") // no zero byte in it
	registerWindowClass = sync.OnceValue(newWindowClass)
	windowByHandle      sync.Map // uintptr -> *window
	sharedWindow        *window
	sharedWindowUsers   int
	sharedWindowMu      sync.Mutex
)

const (
	wmDestroy         = 0x0002
	wmClose           = 0x0010
	wmQueryEndSession = 0x0011
)

// window is the hidden window.
type window struct {
	handle uintptr
	done   chan struct{}

	mu        sync.Mutex
	listeners []*listener
}

// listener gets every message, on the window's thread.
type listener struct {
	win  *window
	tell func(msg uint32, w, l uintptr)
}

// listen has tell hear the messages of the window, which opens with the first
// listener and goes with the last.
func listen(tell func(msg uint32, w, l uintptr)) (*listener, error) {
	sharedWindowMu.Lock()
	defer sharedWindowMu.Unlock()
	if sharedWindow == nil {
		win, err := openWindow()
		if err != nil {
			return nil, err
		}
		sharedWindow = win
	}
	l := &listener{sharedWindow, tell}
	l.win.mu.Lock()
	l.win.listeners = append(l.win.listeners, l)
	l.win.mu.Unlock()
	sharedWindowUsers++
	return l, nil
}

// close ends the listening; the last one to go waits for the window's end.
func (l *listener) close() {
	sharedWindowMu.Lock()
	defer sharedWindowMu.Unlock()
	l.win.mu.Lock()
	l.win.listeners = slices.DeleteFunc(slices.Clone(l.win.listeners), func(o *listener) bool { return o == l })
	l.win.mu.Unlock()
	if sharedWindowUsers--; sharedWindowUsers > 0 {
		return
	}
	procPostMessage.Call(l.win.handle, wmClose, 0, 0)
	<-l.win.done
	sharedWindow = nil
}

// wndClass is WNDCLASSEXW.
type wndClass struct {
	size, style                        uint32
	proc                               uintptr
	classExtra, windowExtra            int32
	instance, icon, cursor, background uintptr
	menuName, className                *uint16
	smallIcon                          uintptr
}

// newWindowClass registers the class, once: callbacks are never freed.
func newWindowClass() error {
	instance, _, _ := procGetModuleHandle.Call(0)
	c := wndClass{proc: windows.NewCallback(windowProc), instance: instance, className: windowClassName}
	c.size = uint32(unsafe.Sizeof(c))
	if atom, _, err := procRegisterClassEx.Call(uintptr(unsafe.Pointer(&c))); atom == 0 {
		return fmt.Errorf("the hidden window's class is refused: %w", err)
	}
	return nil
}

func openWindow() (*window, error) {
	if err := registerWindowClass(); err != nil {
		return nil, err
	}
	w := &window{done: make(chan struct{})}
	opened := make(chan error)
	go w.run(opened)
	if err := <-opened; err != nil {
		return nil, err
	}
	return w, nil
}

// run makes the window and serves its queue until it is closed.
func (w *window) run(opened chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(w.done)
	instance, _, _ := procGetModuleHandle.Call(0)
	handle, _, err := procCreateWindowEx.Call(0, uintptr(unsafe.Pointer(windowClassName)), uintptr(unsafe.Pointer(windowClassName)), 0, 0, 0, 0, 0, 0, 0, instance, 0)
	if handle == 0 {
		opened <- fmt.Errorf("the hidden window is refused: %w", err)
		return
	}
	w.handle = handle
	windowByHandle.Store(handle, w)
	defer windowByHandle.Delete(handle)
	opened <- nil
	var msg [48]byte // MSG, which nobody here looks into
	for {
		if more, _, _ := procGetMessage.Call(uintptr(unsafe.Pointer(&msg)), 0, 0, 0); int32(more) <= 0 {
			return
		}
		procDispatchMessage.Call(uintptr(unsafe.Pointer(&msg)))
	}
}

// windowProc is called by Windows, on the thread of the window.
func windowProc(handle uintptr, msg uint32, wParam, lParam uintptr) uintptr {
	v, ok := windowByHandle.Load(handle)
	if !ok {
		r, _, _ := procDefWindowProc.Call(handle, uintptr(msg), wParam, lParam)
		return r
	}
	w := v.(*window)
	w.mu.Lock()
	listeners := w.listeners
	w.mu.Unlock()
	for _, l := range listeners {
		l.tell(msg, wParam, lParam)
	}
	switch msg {
	case wmQueryEndSession, wmPowerBroadcast:
		return 1 // nothing here stands in the way
	case wmEndSession:
		return 0
	case wmClose:
		procDestroyWindow.Call(handle)
		return 0
	case wmDestroy:
		procPostQuitMessage.Call(0)
		return 0
	}
	r, _, _ := procDefWindowProc.Call(handle, uintptr(msg), wParam, lParam)
	return r
}
