package wayland

import (
	"context"
	"encoding/binary"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"heliograph/build/wait"
)

// compositor is a stand-in for the newest compositors, which speak version 2 of
// the protocol. Its seats come and go, and it answers as real ones do.
type compositor struct {
	t    *testing.T
	conn net.Conn
	in   *conn // reads requests: they are framed as events are

	mu       sync.Mutex
	registry uint32
	globals  map[uint32]string
	seats    map[uint32]uint32   // name by object
	notes    map[uint32][2]int64 // notification: opcode it was asked with, seat's name
	released []uint32
}

var defaultGlobals = map[uint32]string{1: "wl_compositor", 5: "wl_seat", 9: "ext_idle_notifier_v1"}

func newCompositor(t *testing.T) (*compositor, net.Listener) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wl")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Setenv("WAYLAND_DISPLAY", path)
	c := &compositor{t: t, globals: defaultGlobals, seats: map[uint32]uint32{}, notes: map[uint32][2]int64{}}
	return c, l
}

func (c *compositor) serve(l net.Listener, done chan<- struct{}) {
	defer close(done)
	accepted, err := l.Accept()
	if err != nil {
		return
	}
	c.mu.Lock()
	c.conn, c.in = accepted, &conn{Conn: accepted}
	c.mu.Unlock()
	for {
		requests, err := c.in.receive()
		for _, r := range requests {
			c.request(r)
		}
		if err != nil {
			return
		}
	}
}

func (c *compositor) send(object uint32, opcode uint16, args ...any) {
	if err := (&conn{Conn: c.conn}).send(object, opcode, args...); err != nil {
		c.t.Log(err)
	}
}

func (c *compositor) request(r event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.object == displayObject && r.opcode == displayGetRegistry:
		c.registry = r.uint()
		for name, global := range c.globals {
			c.send(c.registry, registryGlobal, name, global, uint32(9))
		}
	case r.object == displayObject && r.opcode == displaySync:
		id := r.uint()
		c.send(id, 0, uint32(0))
		c.send(displayObject, displayDeleteID, id)
	case r.object == c.registry:
		name, global, _, id := r.uint(), r.text(), r.uint(), r.uint()
		if global == "wl_seat" {
			c.seats[id] = name
		}
	case c.seats[r.object] != 0:
		c.released = append(c.released, c.seats[r.object])
	default:
		if _, ok := c.notes[r.object]; ok {
			delete(c.notes, r.object)
			c.send(displayObject, displayDeleteID, r.object)
			return
		}
		id, _, seat := r.uint(), r.uint(), r.uint()
		c.notes[id] = [2]int64{int64(r.opcode), int64(c.seats[seat])}
	}
}

// notify sends an event of a seat's notification.
func (c *compositor) notify(seat uint32, asked, opcode uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, n := range c.notes {
		if n == [2]int64{int64(asked), int64(seat)} {
			c.send(id, opcode)
			return
		}
	}
	c.t.Errorf("seat %d has no notification %d", seat, asked)
}

// watching counts the notifications that are requested.
func (c *compositor) watching() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.notes)
}

func (c *compositor) global(opcode uint16, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.send(c.registry, opcode, args...)
}

// state returns what is known now.
func state(t *testing.T, i *Idle) State {
	t.Helper()
	s, err := i.State()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeatsAndInhibitors(t *testing.T) {
	c, l := newCompositor(t)
	done := make(chan struct{})
	go c.serve(l, done)
	idle, err := WatchIdle(t.Context(), ExtIdleNotify, time.Minute, func() {})
	if err != nil {
		t.Fatal(err)
	}
	inUse := func(want bool) func() bool { return func() bool { return state(t, idle).InUse == want } }
	wait.Until(t, "both notifications of the seat", func() bool { return c.watching() == 2 })
	before := time.Now()
	c.notify(5, extGetInputIdle, noteIdled)
	wait.Until(t, "the only seat rests", inUse(false))
	if off := state(t, idle).Last.Sub(before.Add(-time.Minute)); off < 0 || off > time.Second {
		t.Errorf("the last input is %v off", off)
	}
	wait.Until(t, "an inhibitor shows, since only its notification is silent", func() bool { return state(t, idle).Inhibited })
	c.notify(5, extGetIdle, noteIdled)
	wait.Until(t, "it is gone", func() bool { return !state(t, idle).Inhibited })
	c.notify(5, extGetInputIdle, noteResumed)
	wait.Until(t, "the seat is used", inUse(true))

	c.global(registryGlobal, uint32(20), "wl_seat", uint32(9))
	wait.Until(t, "the second seat is watched", func() bool { return c.watching() == 4 })
	c.notify(5, extGetInputIdle, noteIdled)
	c.notify(20, extGetInputIdle, noteIdled)
	wait.Until(t, "both rest", inUse(false))
	c.notify(20, extGetInputIdle, noteResumed)
	wait.Until(t, "one is used", inUse(true))
	c.global(registryGlobalRemove, uint32(20))
	wait.Until(t, "the used one is gone, the other rests", inUse(false))
	wait.Until(t, "its notifications are destroyed", func() bool { return c.watching() == 2 })
	c.global(registryGlobalRemove, uint32(5))
	wait.Until(t, "nobody is left to be seen", func() bool { return c.watching() == 0 })
	if state(t, idle).InUse {
		t.Error("without a seat, somebody uses it")
	}
	c.global(registryGlobal, uint32(21), "wl_seat", uint32(4))
	wait.Until(t, "a seat that appears is used until it rests", inUse(true))
	wait.Until(t, "and is watched", func() bool { return c.watching() == 2 })
	c.mu.Lock()
	if !slices.Equal(c.released, []uint32{20, 5}) {
		t.Errorf("released: %v", c.released)
	}
	c.conn.Close()
	c.mu.Unlock()
	wait.Until(t, "the end of the compositor is seen", func() bool { _, err := idle.State(); return err != nil })
	idle.Close()
	<-done
}

func TestRefusals(t *testing.T) {
	t.Run("no notifier", func(t *testing.T) {
		c, l := newCompositor(t)
		c.globals = map[uint32]string{5: "wl_seat"}
		done := make(chan struct{})
		go c.serve(l, done)
		if _, err := WatchIdle(t.Context(), ExtIdleNotify, time.Minute, func() {}); err == nil {
			t.Error("opened without a notifier")
		}
		<-done
	})
	t.Run("no session", func(t *testing.T) {
		t.Setenv("WAYLAND_DISPLAY", "")
		if _, err := WatchIdle(t.Context(), KDEIdle, time.Minute, func() {}); err == nil {
			t.Error("opened without a session")
		}
	})
	t.Run("another protocol", func(t *testing.T) {
		_, l := newCompositor(t)
		go func() {
			if conn, err := l.Accept(); err == nil {
				_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n"))
				conn.Close()
			}
		}()
		if _, err := WatchIdle(t.Context(), ExtIdleNotify, time.Minute, func() {}); err == nil {
			t.Error("opened although the answer is not Wayland")
		}
	})
}

// A compositor that accepts a connection and never answers costs
// answerTimeout, or less if the context ends before.
func TestCompositorThatHangs(t *testing.T) {
	newCompositor(t) // its kernel accepts, and nobody reads
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := WatchIdle(ctx, ExtIdleNotify, time.Minute, func() {})
		failed <- err
	}()
	cancel()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("opened without an answer")
		}
	case <-time.After(answerTimeout):
		t.Error("the end of the context is not enough")
	}
	began := time.Now()
	if _, err := WatchIdle(t.Context(), ExtIdleNotify, time.Minute, func() {}); err == nil || time.Since(began) > 2*answerTimeout {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func FuzzSplitEvents(f *testing.F) {
	good := binary.NativeEndian.AppendUint32(nil, 7)
	good = binary.NativeEndian.AppendUint32(good, 16<<16|1)
	good = binary.NativeEndian.AppendUint32(good, 3)
	f.Add(append(good, 'a', 'b', 0, 0), 5)
	f.Add([]byte{1, 2, 3}, 1)
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		// The law: however the bytes are cut, the same events come out.
		whole, rest, err := splitEvents(b)
		cut := 0
		if len(b) > 0 {
			cut = ((at % len(b)) + len(b)) % len(b)
		}
		first, left, err1 := splitEvents(b[:cut])
		second, left2, err2 := splitEvents(slices.Concat(left, b[cut:]))
		if err1 != nil {
			if err == nil {
				t.Fatal("an error that the whole does not have")
			}
			return
		}
		if (err != nil) != (err2 != nil) || len(first)+len(second) != len(whole) || !slices.Equal(rest, left2) {
			t.Fatalf("cut at %d: %d+%d events, whole %d (%v, %v)", cut, len(first), len(second), len(whole), err, err2)
		}
		for _, e := range whole {
			e.uint()
			if s := e.text(); len(s) > len(b) {
				t.Fatal("a text longer than all there is")
			}
		}
	})
}
