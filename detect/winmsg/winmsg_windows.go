package winmsg

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"

	"heliograph/detect/oscall"
)

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
	procGetModuleHandle = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetModuleHandleW")
)

// Messages of winuser.h that only the window itself handles.
const (
	wmDestroy         = 0x0002
	wmClose           = 0x0010
	wmQueryEndSession = 0x0011
)

// Listener receives all messages of the hidden window.
type Listener struct {
	win    *window
	handle func(Message)
}

// shared is the window of all listeners; nil while there are none.
var shared struct {
	sync.Mutex
	win *window
}

// Listen calls handle for each message until the listener is closed; ctx is for
// opening the window only. The calls come one at a time, on the thread of the
// window. Windows waits for handle to return before it suspends the computer or
// ends the session, for two and five seconds at most; for every other message
// handle must return at once.
func Listen(ctx context.Context, handle func(Message)) (*Listener, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.win == nil {
		win, err := openWindow(ctx)
		if err != nil {
			return nil, err
		}
		shared.win = win
	}
	l := &Listener{shared.win, handle}
	l.win.mu.Lock()
	defer l.win.mu.Unlock()
	l.win.listeners = append(l.win.listeners, l)
	return l, nil
}

// Window returns the hidden window, for functions that register a window for
// messages.
func (l *Listener) Window() windows.HWND { return l.win.hwnd }

// Close ends the listening. The last listener closes the window too and waits
// for its end, for a short time only: one that a handler blocks is abandoned.
func (l *Listener) Close() {
	shared.Lock()
	defer shared.Unlock()
	if l.win.remove(l) > 0 {
		return
	}
	l.win.loop.Close()
	if shared.win == l.win {
		shared.win = nil
	}
}

// window is the hidden window. It is a top-level window, since message-only
// windows get no broadcasts ("Message-Only Windows" in Microsoft's "Window
// Features").
type window struct {
	loop *oscall.Loop
	hwnd windows.HWND

	mu        sync.Mutex
	listeners []*Listener // replaced, never changed in place
}

func openWindow(ctx context.Context) (*window, error) {
	if err := registerClass(); err != nil {
		return nil, err
	}
	w := &window{}
	loop, err := oscall.Start(ctx, "hidden window", nil, w.run)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	return w, nil
}

// remove removes a listener and returns how many are left.
func (w *window) remove(l *Listener) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listeners = slices.DeleteFunc(slices.Clone(w.listeners), func(o *Listener) bool { return o == l })
	return len(w.listeners)
}

var className, _ = windows.UTF16PtrFromString("heliograph-detect") // it has no zero byte

// windowClass is WNDCLASSEXW.
type windowClass struct {
	size, style                        uint32
	proc                               uintptr
	classExtra, windowExtra            int32
	instance, icon, cursor, background uintptr
	menuName, className                *uint16
	smallIcon                          uintptr
}

// registerClass registers the window's class, once, since Go never frees a
// callback.
var registerClass = sync.OnceValue(func() error {
	instance, _, _ := procGetModuleHandle.Call(0)
	c := windowClass{proc: windows.NewCallback(windowProc), instance: instance, className: className}
	c.size = uint32(unsafe.Sizeof(c))
	if atom, _, err := procRegisterClassEx.Call(uintptr(unsafe.Pointer(&c))); atom == 0 {
		return fmt.Errorf("register the class of the hidden window: %w", err)
	}
	return nil
})

// open maps a handle to its *window, for windowProc.
var open sync.Map

// run makes the window and serves its queue until it is closed.
func (w *window) run(_ context.Context, l *oscall.Loop) error {
	instance, _, _ := procGetModuleHandle.Call(0)
	name := uintptr(unsafe.Pointer(className))
	hwnd, _, err := procCreateWindowEx.Call(0, name, name, 0, 0, 0, 0, 0, 0, 0, instance, 0)
	if hwnd == 0 {
		return fmt.Errorf("create the hidden window: %w", err)
	}
	w.hwnd = windows.HWND(hwnd)
	open.Store(w.hwnd, w)
	defer open.Delete(w.hwnd)
	release := l.Interrupt(func() { procPostMessage.Call(hwnd, wmClose, 0, 0) })
	defer release()
	l.Ready()
	var msg [48]byte // MSG, which is passed on unread
	for {
		if more, _, err := procGetMessage.Call(uintptr(unsafe.Pointer(&msg)), 0, 0, 0); int32(more) < 0 {
			return fmt.Errorf("messages of the hidden window: %w", err)
		} else if more == 0 { // WM_QUIT
			return nil
		}
		procDispatchMessage.Call(uintptr(unsafe.Pointer(&msg)))
	}
}

// windowProc is called by Windows, on the thread of the window.
func windowProc(hwnd windows.HWND, id uint32, wParam, lParam uintptr) uintptr {
	if w, ok := open.Load(hwnd); ok {
		w.(*window).dispatch(Message{id, wParam, lParam})
		switch id {
		case wmQueryEndSession, PowerBroadcast:
			return 1 // agreed
		case EndSession:
			return 0
		case wmClose:
			procDestroyWindow.Call(uintptr(hwnd))
			return 0
		case wmDestroy:
			procPostQuitMessage.Call(0)
			return 0
		}
	}
	r, _, _ := procDefWindowProc.Call(uintptr(hwnd), uintptr(id), wParam, lParam)
	return r
}

// dispatch calls all present listeners.
func (w *window) dispatch(m Message) {
	w.mu.Lock()
	listeners := w.listeners
	w.mu.Unlock()
	for _, l := range listeners {
		l.handle(m)
	}
}
