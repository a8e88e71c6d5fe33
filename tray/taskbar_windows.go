package tray

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"heliograph/detect/latest"
	"heliograph/detect/winmsg"
)

var (
	user32                  = windows.NewLazySystemDLL("user32.dll")
	procSendMessage         = user32.NewProc("SendMessageW")
	procPostMessage         = user32.NewProc("PostMessageW")
	procPeekMessage         = user32.NewProc("PeekMessageW")
	procGetMessage          = user32.NewProc("GetMessageW")
	procTranslateMessage    = user32.NewProc("TranslateMessage")
	procDispatchMessage     = user32.NewProc("DispatchMessageW")
	procCallWindowProc      = user32.NewProc("CallWindowProcW")
	procGetWindowLong       = user32.NewProc("GetWindowLongPtrW")
	procSetWindowLong       = user32.NewProc("SetWindowLongPtrW")
	procRegisterMessage     = user32.NewProc("RegisterWindowMessageW")
	procChangeMessageFilter = user32.NewProc("ChangeWindowMessageFilterEx")
)

// message is MSG.
type message struct {
	window         uintptr
	id             uint32
	wParam, lParam uintptr
	time           uint32
	x, y           int32
}

// Messages of winuser.h.
const (
	wmClose         = 0x0010
	wmQuit          = 0x0012
	wmEndSession    = 0x0016
	wmDisplayChange = 0x007E
	wmDPIChanged    = 0x02E0
)

const (
	// lookForTaskbar is how often a taskbar is looked for while there is none,
	// lest its message got lost. Nothing is looked for once there is one.
	lookForTaskbar = 2 * time.Second
	// hostPatience is how long there may be no taskbar before that is said:
	// Explorer takes seconds at sign-in.
	hostPatience = time.Minute
	// checkFirst is when a missing icon is looked for again; the pauses double.
	// Explorer is busy while it starts. After checks of them, minutes later, the
	// next new taskbar is waited for.
	checkFirst = time.Second
	checks     = 8
)

// taskbar watches the taskbar and the library's icon on it. It works beside the
// library, through the messages of its window and of a hidden one.
type taskbar struct {
	listener *winmsg.Listener // nil: none could be opened
	newBar   uint32           // the message "TaskbarCreated"
	created  chan struct{}    // there is a new taskbar
	check    chan struct{}    // the icon may be missing
	host     func(there bool)

	cancel context.CancelFunc
	wg     sync.WaitGroup

	// Of the library's window.
	window   uintptr
	original uintptr // its window procedure
	redraw   func()
	size     atomic.Int32 // of the icons when they were last drawn
}

// watchTaskbar opens the hidden window. host is called with whether there is a
// taskbar.
//
// Source: "Taskbar Creation Notification",
// https://learn.microsoft.com/windows/win32/shell/taskbar
func watchTaskbar(ctx context.Context, host func(there bool)) (*taskbar, error) {
	b := &taskbar{created: make(chan struct{}, 1), check: make(chan struct{}, 1), host: host}
	name, err := windows.UTF16PtrFromString("TaskbarCreated")
	if err != nil {
		return nil, err
	}
	id, _, err := procRegisterMessage.Call(uintptr(unsafe.Pointer(name)))
	if id == 0 {
		return nil, err
	}
	b.newBar = uint32(id)
	b.listener, err = winmsg.Listen(ctx, func(m winmsg.Message) {
		if m.ID == b.newBar {
			latest.Notify(b.created)
		}
	})
	if err == nil { // else the taskbar is looked for at intervals only
		allow(uintptr(b.listener.Window()), b.newBar)
	}
	return b, nil
}

func (b *taskbar) close() {
	if b.listener != nil {
		b.listener.Close()
	}
}

// allow lets a message through that Explorer sends, which has fewer rights than a
// program that runs as an administrator.
func allow(window uintptr, id uint32) {
	const allow = 1 // MSGFLT_ALLOW
	procChangeMessageFilter.Call(window, uintptr(id), allow, 0)
}

// wait waits for a taskbar; false: ctx has ended.
func (b *taskbar) wait(ctx context.Context) bool {
	timer := time.NewTimer(lookForTaskbar)
	defer timer.Stop()
	for since, said := time.Now(), false; ; timer.Reset(lookForTaskbar) {
		if ctx.Err() != nil {
			return false
		}
		if taskbarWindow() != 0 {
			b.host(true)
			return true
		}
		if !said && time.Since(since) > hostPatience {
			b.host(false)
			said = true
		}
		select {
		case <-ctx.Done():
		case <-b.created:
		case <-timer.C:
		}
	}
}

// pause waits, or until there is a new taskbar.
func (b *taskbar) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-b.created:
	case <-timer.C:
	}
}

// take gets the messages of the library's window before the library does, and
// keeps its icon on the taskbar. redraw has the icon drawn again. The calling
// thread is that of the window.
func (b *taskbar) take(window uintptr, redraw func()) {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel, b.window, b.redraw = cancel, window, redraw
	b.size.Store(int32(iconSize()))
	allow(window, b.newBar)
	if procSetWindowLong.Find() == nil { // 64-bit Windows
		b.original, _, _ = procGetWindowLong.Call(window, windowProc)
		taken.Store(b)
		procSetWindowLong.Call(window, windowProc, takenProc())
	}
	b.wg.Go(func() { b.keep(ctx) })
}

// release ends what take began. The window has gone.
func (b *taskbar) release() {
	b.cancel()
	taken.Store(nil)
	waitShortly(&b.wg)
}

// windowProc is where a window has the address of its procedure: GWLP_WNDPROC.
const windowProc = ^uintptr(3) // -4

// taken is the taskbar whose library window is taken; the library has one.
var taken atomic.Pointer[taskbar]

// takenProc is the window procedure in front of the library's, made once since Go
// never frees a callback.
var takenProc = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(window uintptr, id uint32, wParam, lParam uintptr) uintptr {
		b := taken.Load()
		if b == nil || window != b.window || b.keepsBack(id, wParam) {
			return 0
		}
		r, _, _ := procCallWindowProc.Call(b.original, window, uintptr(id), wParam, lParam)
		b.after(id, wParam)
		return r
	})
})

// keepsBack reports whether the library must not get a message. It deletes the
// icon at each end of the session, although a wParam of zero says that another
// program has stopped the sign-out.
func (b *taskbar) keepsBack(id uint32, wParam uintptr) bool { return id == wmEndSession && wParam == 0 }

// after acts on a message that the library has handled.
func (b *taskbar) after(id uint32, wParam uintptr) {
	switch id {
	case b.newBar:
		if wParam != ours {
			latest.Notify(b.check) // Explorer may not have accepted the icon
		}
		b.redraw()
	case wmDisplayChange, wmDPIChanged:
		if size := int32(iconSize()); b.size.Swap(size) != size {
			b.redraw()
		}
	}
}

// ours marks "TaskbarCreated" of our own, whose parameters nobody reads.
const ours = 1

// keep has the library add its icon again for as long as the taskbar lacks it.
func (b *taskbar) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.check:
		}
		timer := time.NewTimer(checkFirst)
		for pause, n := checkFirst, 0; n < checks; n++ {
			if taskbarWindow() == 0 || iconThere(b.window) {
				break
			}
			procPostMessage.Call(b.window, uintptr(b.newBar), ours, 0)
			timer.Reset(pause)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
			pause *= 2
		}
		timer.Stop()
	}
}
