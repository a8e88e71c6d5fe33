package tray

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"heliograph/assets"
	"heliograph/build/wait"
)

// playTray makes this test's program show a tray, as the library needs the main
// goroutine, until its standard input ends. It prints what the tray reports.
const playTray = "HELIOGRAPH_TEST_TRAY"

func TestMain(m *testing.M) {
	if os.Getenv(playTray) != "" {
		ctx, end := context.WithCancel(context.Background())
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // its end is what counts
			end()
		}()
		err := New(Options{ID: "test", First: View{Icon: IconAvailable, Tooltip: strings.Repeat("long ", 50), Rows: []Row{{ID: "quit", Label: "Quit"}}},
			Icons: func(i Icon, dark bool) []byte { return assets.ICO(string(i), dark) },
			Host:  func(there bool) { fmt.Println("host", there) },
			Lost:  func(err error) { fmt.Println("lost", err) },
		}).Run(ctx)
		fmt.Println("ended", err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// player is a process that shows a tray.
type player struct {
	pid   uint32
	stdin io.Closer
	ended chan struct{}

	mu    sync.Mutex
	lines []string
}

func play(t *testing.T) *player {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), playTray+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &player{pid: uint32(cmd.Process.Pid), stdin: in, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, lines.Text())
			p.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		in.Close()
		wait.Until(t, "the tray ends", func() bool {
			select {
			case <-p.ended:
				return true
			default:
				return false
			}
		})
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the tray says: %q", p.lines)
		}
	})
	return p
}

func (p *player) said(line string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.lines, line)
}

func (p *player) window() uintptr { return libraryWindowOf(p.pid) }

// TestIconStaysAfterACancelledSignOut: another program has stopped it.
func TestIconStaysAfterACancelledSignOut(t *testing.T) {
	p := play(t)
	wait.Until(t, "there is an icon", func() bool { return iconThere(p.window()) })
	for range 2 {
		procSendMessage.Call(p.window(), wmEndSession, 0, 0)
		if !iconThere(p.window()) {
			t.Error("the icon has gone")
		}
	}
	// At a real end it goes.
	procSendMessage.Call(p.window(), wmEndSession, 1, 0)
	if iconThere(p.window()) {
		t.Error("the icon has stayed")
	}
}

// TestIconComesWithTheTaskbar: at sign-in a program may start before Explorer
// has a taskbar, and Explorer may be too busy to accept the icon at first.
func TestIconComesWithTheTaskbar(t *testing.T) {
	hideTaskbar(t)
	p := play(t)
	bar := newTaskbar(t)
	bar.refuse(1)
	bar.announce(t)
	wait.Until(t, "the icon is refused", func() bool { return p.said("lost the taskbar did not accept the icon; trying again") })
	if !p.said("host true") {
		t.Error("the taskbar is not reported")
	}
	wait.Until(t, "the icon is there", func() bool { return bar.has(p.window()) })
	wait.Until(t, "it has a picture and a text", func() bool { return bar.drawn() })
	wait.Until(t, "the picture has the size of the taskbar", func() bool { return bar.width() == iconSize() })
	if tip := bar.tip(); len(tip) == 0 || tip[0] == 0 || tip[len(tip)-1] != 0 {
		t.Errorf("the text is %q", windows.UTF16ToString(tip))
	}

	// Explorer crashes, starts anew, and refuses twice.
	bar.forget()
	bar.refuse(2)
	bar.announce(t)
	wait.Until(t, "the icon is back", func() bool { return bar.has(p.window()) })
	wait.Until(t, "it has a picture and a text again", func() bool { return bar.drawn() })
}

// TestTrayEndsWithoutATaskbar: it waits for none when it has to end.
func TestTrayEndsWithoutATaskbar(t *testing.T) {
	hideTaskbar(t)
	p := play(t)
	p.stdin.Close()
	wait.Until(t, "it ends", func() bool { return p.said("ended <nil>") })
}

// hideTaskbar hides Wine's taskbar from other programs until the test ends.
func hideTaskbar(t *testing.T) {
	t.Helper()
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		t.Skip("this Windows has a person who needs the taskbar")
	}
	bar := taskbarWindow()
	if bar == 0 {
		t.Fatal("there is no taskbar")
	}
	static, err := windows.UTF16PtrFromString("STATIC")
	if err != nil {
		t.Fatal(err)
	}
	// As a part of another window it is not found. That window goes with its
	// thread, which another goroutine could end.
	runtime.LockOSThread()
	parent, _, err := user32.NewProc("CreateWindowExW").Call(0, uintptr(unsafe.Pointer(static)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if parent == 0 {
		t.Fatal(err)
	}
	setParent := user32.NewProc("SetParent")
	setParent.Call(bar, parent)
	if taskbarWindow() != 0 {
		t.Fatal("there is still a taskbar")
	}
	t.Cleanup(func() {
		setParent.Call(bar, 0)
		if taskbarWindow() != bar {
			t.Error("the taskbar is not back")
		}
		runtime.UnlockOSThread()
	})
}

// testTaskbar stands in for Explorer: a window that gets what Wine's shell32
// sends to the taskbar.
type testTaskbar struct {
	window uintptr

	mu      sync.Mutex
	refused int
	icons   map[uintptr]*noted
}

// noted is what is known of an icon.
type noted struct {
	flags uint32
	tip   [128]uint16
	width uint32 // of the picture
}

// copyData is COPYDATASTRUCT; its data is what Wine makes of a NOTIFYICONDATA.
type copyData struct {
	message uintptr
	size    uint32
	data    *struct {
		window, id, flags, message uint32
		tip                        [128]uint16
		state, stateMask           uint32
		info                       [256]uint16
		version                    uint32
		infoTitle                  [64]uint16
		infoFlags                  uint32
		item                       windows.GUID
		width, height              uint32 // of the picture, if there is one
	}
}

func newTaskbar(t *testing.T) *testTaskbar {
	t.Helper()
	b := &testTaskbar{icons: map[uintptr]*noted{}}
	opened, closed := make(chan error), make(chan struct{})
	go func() {
		defer close(closed)
		runtime.LockOSThread()
		b.serve(opened)
	}()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		procPostMessage.Call(b.window, wmClose, 0, 0)
		<-closed
	})
	return b
}

func (b *testTaskbar) serve(opened chan<- error) {
	const wmDestroy, wmCopyData = 0x0002, 0x004A
	defWindowProc := user32.NewProc("DefWindowProcW")
	proc := windows.NewCallback(func(window uintptr, id uint32, wParam uintptr, data *copyData) uintptr {
		switch id {
		case wmCopyData:
			return b.handle(data)
		case wmDestroy:
			user32.NewProc("PostQuitMessage").Call(0)
		}
		r, _, _ := defWindowProc.Call(window, uintptr(id), wParam, uintptr(unsafe.Pointer(data)))
		return r
	})
	class := struct {
		size, style                        uint32
		proc                               uintptr
		classExtra, windowExtra            int32
		instance, icon, cursor, background uintptr
		menuName, className                *uint16
		smallIcon                          uintptr
	}{proc: proc, className: taskbarClass}
	class.size = uint32(unsafe.Sizeof(class))
	if atom, _, err := user32.NewProc("RegisterClassExW").Call(uintptr(unsafe.Pointer(&class))); atom == 0 {
		opened <- err
		return
	}
	defer user32.NewProc("UnregisterClassW").Call(uintptr(unsafe.Pointer(taskbarClass)), 0)
	window, _, err := user32.NewProc("CreateWindowExW").Call(0, uintptr(unsafe.Pointer(taskbarClass)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if window == 0 {
		opened <- err
		return
	}
	b.window = window
	close(opened)
	var m message
	for {
		if more, _, _ := procGetMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0); int32(more) <= 0 {
			return
		}
		procDispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	}
}

// handle handles a request of Shell_NotifyIcon.
func (b *testTaskbar) handle(c *copyData) uintptr {
	const add, modify, remove, withPicture, withTip = 0, 1, 2, 2, 4
	b.mu.Lock()
	defer b.mu.Unlock()
	window := uintptr(c.data.window)
	icon, there := b.icons[window]
	switch {
	case c.message == add && b.refused > 0:
		b.refused--
		return 0
	case c.message == add && !there:
		icon = &noted{}
		b.icons[window] = icon
	case c.message == modify && there:
	case c.message == remove && there:
		delete(b.icons, window)
		return 1
	default:
		return 0
	}
	icon.flags |= c.data.flags
	if c.data.flags&withPicture != 0 {
		icon.width = c.data.width
	}
	if c.data.flags&withTip != 0 {
		icon.tip = c.data.tip
	}
	return 1
}

func (b *testTaskbar) refuse(adds int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = adds
}

func (b *testTaskbar) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.icons)
}

func (b *testTaskbar) has(window uintptr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.icons[window]
	return ok
}

// drawn reports whether all icons have what the tray draws.
func (b *testTaskbar) drawn() bool {
	const all = 1 | 2 | 4 // NIF_MESSAGE, NIF_ICON, NIF_TIP
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, icon := range b.icons {
		if icon.flags&all != all {
			return false
		}
	}
	return len(b.icons) > 0
}

// width returns that of an icon's picture.
func (b *testTaskbar) width() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, icon := range b.icons {
		return int(icon.width)
	}
	return 0
}

// tip returns the text of an icon, with its zero.
func (b *testTaskbar) tip() []uint16 {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, icon := range b.icons {
		return icon.tip[:]
	}
	return nil
}

// announce says that there is a new taskbar, as Explorer does.
func (b *testTaskbar) announce(t *testing.T) {
	t.Helper()
	name, err := windows.UTF16PtrFromString("TaskbarCreated")
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := procRegisterMessage.Call(uintptr(unsafe.Pointer(name)))
	const everybody = 0xFFFF // HWND_BROADCAST
	procPostMessage.Call(everybody, id, 0, 0)
}
