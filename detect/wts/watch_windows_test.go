package wts

import (
	"testing"
	"time"
	"unsafe"

	"heliograph/detect/winmsg"
)

// patience is how long Windows may take on a busy computer.
const patience = 10 * time.Second

// watched is a watcher with its notifications and the window that Windows sends
// its messages to. Closing released ends all delays.
type watched struct {
	*Watcher
	notified chan struct{}
	released chan struct{}
	window   uintptr
}

func watch(t *testing.T) watched {
	t.Helper()
	notified, released := make(chan struct{}, 64), make(chan struct{})
	w, err := Watch(t.Context(), func() { notified <- struct{}{} }, func(limit time.Duration) <-chan struct{} {
		if limit <= 0 || limit > 5*time.Second {
			t.Errorf("a delay of %v", limit)
		}
		return released
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	l, err := winmsg.Listen(t.Context(), func(winmsg.Message) {}) // of the same window
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return watched{w, notified, released, uintptr(l.Window())}
}

func (w watched) post(id uint32, wParam uintptr) {
	user32.NewProc("PostMessageW").Call(w.window, uintptr(id), wParam, 0)
}

func (w watched) read(t *testing.T) State {
	t.Helper()
	s, err := w.State()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// until reads the state at each notification until it is as wanted.
func (w watched) until(t *testing.T, what string, ok func(State) bool) {
	t.Helper()
	end := time.After(patience)
	for !ok(w.read(t)) {
		select {
		case <-w.notified:
		case <-end:
			t.Fatalf("not %s: %+v", what, w.read(t))
		}
	}
}

func TestSessionIsWatched(t *testing.T) {
	w := watch(t)
	if s := w.read(t); s != (State{}) {
		t.Fatalf("at first %+v", s)
	}
	w.post(winmsg.SessionChange, sessionLock)
	w.until(t, "locked", func(s State) bool { return s.Locked })
	w.post(winmsg.SessionChange, sessionUnlock)
	w.until(t, "unlocked", func(s State) bool { return !s.Locked })
	w.post(winmsg.SessionChange, remoteDisconnect)
	w.until(t, "disconnected", func(s State) bool { return s.Disconnected })
}

// send sends a message that Windows waits for and returns the end of its wait.
func (w watched) send(id uint32, wParam uintptr) <-chan struct{} {
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		user32.NewProc("SendMessageW").Call(w.window, uintptr(id), wParam, 0)
	}()
	return answered
}

// checkDelay checks that Windows waits until the delay is released.
func (w watched) checkDelay(t *testing.T, answered <-chan struct{}) {
	t.Helper()
	select {
	case <-answered:
		t.Error("it was not delayed")
	default:
	}
	close(w.released)
	select {
	case <-answered:
	case <-time.After(patience):
		t.Fatal("it is delayed for ever")
	}
}

func TestSuspendIsDelayed(t *testing.T) {
	w := watch(t)
	answered := w.send(winmsg.PowerBroadcast, suspend)
	w.until(t, "suspended", func(s State) bool { return s.Suspended })
	w.checkDelay(t, answered)
	w.post(winmsg.PowerBroadcast, resumeAutomatic)
	w.until(t, "resumed", func(s State) bool { return !s.Suspended && !s.Resumed.IsZero() })
}

// TestSignOutIsDelayed, and a program that quits meanwhile is not kept from it.
func TestSignOutIsDelayed(t *testing.T) {
	w := watch(t)
	answered := w.send(winmsg.EndSession, 1)
	w.until(t, "ending", func(s State) bool { return s.Ending })
	began := time.Now()
	w.Close()
	if d := time.Since(began); d > patience {
		t.Errorf("closed after %v", d)
	}
	w.checkDelay(t, answered)
}

// TestScreenOffIsReported with modern standby, which nobody delays.
func TestScreenOffIsReported(t *testing.T) {
	w := watch(t)
	w.mu.Lock()
	w.standby = true
	w.mu.Unlock()
	screen := func(value uint32) {
		raw := power(sessionDisplay, 4, value)
		user32.NewProc("SendMessageW").Call(w.window, uintptr(winmsg.PowerBroadcast), powerSetting, uintptr(unsafe.Pointer(&raw[0])))
	}
	screen(1)
	if s := w.read(t); s != (State{}) {
		t.Fatalf("with a screen %+v", s)
	}
	screen(0)
	w.until(t, "dark", func(s State) bool { return s.Dark })
	screen(1)
	w.until(t, "resumed", func(s State) bool { return !s.Dark && !s.Resumed.IsZero() })
}
