package winmsg

import (
	"testing"
	"time"
)

// patience is how long Windows may take on a busy computer.
const patience = 10 * time.Second

// post puts a message into the queue of the hidden window, as Windows does.
func post(l *Listener, m Message) {
	procPostMessage.Call(uintptr(l.Window()), uintptr(m.ID), m.WParam, m.LParam)
}

// listen returns a listener and its messages with these ids.
func listen(t *testing.T, ids ...uint32) (*Listener, <-chan Message) {
	t.Helper()
	got := make(chan Message, 16)
	l, err := Listen(t.Context(), func(m Message) {
		for _, id := range ids {
			if m.ID == id {
				got <- m
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, got
}

func receive(t *testing.T, from <-chan Message) Message {
	t.Helper()
	select {
	case m := <-from:
		return m
	case <-time.After(patience):
		t.Fatal("no message")
		return Message{}
	}
}

// TestListenersShareTheWindow: a message reaches all of them until they close,
// and the window goes with the last.
func TestListenersShareTheWindow(t *testing.T) {
	const id, last = 0x0400, 0x0401 // WM_USER: no other meaning
	a, fromA := listen(t, id, last)
	b, fromB := listen(t, id, last)
	if a.Window() != b.Window() || a.Window() == 0 {
		t.Fatalf("windows %#x and %#x", a.Window(), b.Window())
	}
	want := Message{id, 3, 4}
	post(a, want)
	if got := receive(t, fromA); got != want {
		t.Errorf("got %+v", got)
	}
	if got := receive(t, fromB); got != want {
		t.Errorf("got %+v", got)
	}
	a.Close()
	post(b, Message{ID: last})
	if got := receive(t, fromB); got.ID != last {
		t.Errorf("got %+v", got)
	}
	if len(fromA) != 0 {
		t.Error("a closed listener got a message")
	}
	hwnd := b.Window()
	b.Close()
	isWindow := user32.NewProc("IsWindow")
	if there, _, _ := isWindow.Call(uintptr(hwnd)); there != 0 {
		t.Error("the window is still there")
	}
	c, fromC := listen(t, id)
	defer c.Close()
	post(c, want)
	receive(t, fromC)
}

// TestSessionMayEnd: Windows asks, and is not kept from it.
func TestSessionMayEnd(t *testing.T) {
	l, _ := listen(t)
	defer l.Close()
	send := user32.NewProc("SendMessageW")
	if agreed, _, _ := send.Call(uintptr(l.Window()), wmQueryEndSession, 0, 0); agreed != 1 {
		t.Errorf("WM_QUERYENDSESSION is answered with %d", agreed)
	}
	if agreed, _, _ := send.Call(uintptr(l.Window()), PowerBroadcast, 0, 0); agreed != 1 {
		t.Errorf("WM_POWERBROADCAST is answered with %d", agreed)
	}
}

// TestCloseReturnsWhileAHandlerBlocks, and another window is refused for as
// long as the first cannot end.
func TestCloseReturnsWhileAHandlerBlocks(t *testing.T) {
	const id = 0x0400
	entered, block := make(chan struct{}), make(chan struct{})
	l, err := Listen(t.Context(), func(m Message) {
		if m.ID == id {
			close(entered)
			<-block
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	post(l, Message{ID: id})
	select {
	case <-entered:
	case <-time.After(patience):
		t.Fatal("no message")
	}
	began := time.Now()
	l.Close()
	if d := time.Since(began); d > patience {
		t.Errorf("closed after %v", d)
	}
	if _, err := Listen(t.Context(), func(Message) {}); err == nil {
		t.Error("a second window was opened")
	}
	close(block)
	for end := time.Now().Add(patience); ; {
		l, err := Listen(t.Context(), func(Message) {})
		if err == nil {
			l.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
