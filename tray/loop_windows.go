package tray

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"fyne.io/systray"
	"github.com/cenkalti/backoff/v5"

	"heliograph/detect/latest"
)

// fyne.io/systray adds the icon once, when it begins, and again when Explorer
// says that it has a new taskbar. If the first fails, as at sign-in before
// Explorer is up, it never begins (fyne-io/systray#95). So it begins when there
// is a taskbar, and anew if it fails nevertheless.
const (
	beginFirst = time.Second
	beginLast  = 10 * time.Minute // each beginning takes one of the 2,000 callbacks of a Go program
	// beginTimeout is how long it may take to say that it has begun, which it
	// does at once.
	beginTimeout = 5 * time.Second
)

// loop shows the tray until ctx ends. It must run on the main goroutine.
func loop(ctx context.Context, t *Tray, ready func()) error {
	defer captureLibraryLog(t.opts.Log, func() bool { return true })()
	bar, err := watchTaskbar(ctx, t.opts.Host)
	if err != nil {
		return err
	}
	defer bar.close()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier = beginFirst, beginLast, 2
	for failed := false; bar.wait(ctx); {
		window, begun := begin(ready)
		if begun {
			return t.serve(ctx, window, bar)
		}
		if !failed {
			t.opts.Lost(errors.New("the taskbar did not accept the icon; trying again"))
		}
		failed = true
		bar.pause(ctx, pause.NextBackOff())
	}
	return nil
}

// begin has the library begin. It returns its window, or false if it has failed;
// nothing of it is left then.
func begin(ready func()) (window uintptr, begun bool) {
	var decided atomic.Bool
	yes := make(chan struct{})
	systray.Register(func() {
		if decided.CompareAndSwap(false, true) {
			close(yes)
			ready()
		}
	}, nil)
	timer := time.NewTimer(beginTimeout)
	defer timer.Stop()
	select {
	case <-yes:
		return libraryWindow(), true
	case <-timer.C:
	}
	if !decided.CompareAndSwap(false, true) {
		return libraryWindow(), true
	}
	end(libraryWindow())
	return 0, false
}

// end destroys the window of a library that has not begun, and its class, so
// that it can begin anew. The calling thread is that of the window.
func end(window uintptr) {
	if window == 0 {
		return
	}
	procSendMessage.Call(window, wmClose, 0, 0)
	var m message
	const remove = 1 // PM_REMOVE
	for {
		if more, _, _ := procPeekMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0, remove); more == 0 || m.id == wmQuit {
			return
		}
	}
}

// serve serves the window's messages until ctx ends.
func (t *Tray) serve(ctx context.Context, window uintptr, bar *taskbar) error {
	bar.take(window, t.redraw)
	defer bar.release()
	stop := context.AfterFunc(ctx, systray.Quit)
	defer stop()
	var m message
	for {
		more, _, err := procGetMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
		switch {
		case int32(more) < 0:
			return fmt.Errorf("messages of the tray: %w", err)
		case more == 0: // WM_QUIT
			return nil
		}
		procTranslateMessage.Call(uintptr(unsafe.Pointer(&m)))
		procDispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	}
}

// redraw draws the present view once more, as a whole.
func (t *Tray) redraw() {
	t.anew.Store(true)
	latest.Notify(t.wake)
}

// escape doubles ampersands: a single one marks a mnemonic.
//
// Source: https://learn.microsoft.com/windows/win32/menurc/about-menus#menu-access-keys
func escape(label string) string { return strings.ReplaceAll(label, "&", "&&") }

// busClosed: there is no bus here.
func busClosed(any) bool { return false }
