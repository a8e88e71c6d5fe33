//go:build unix

package e2e

import (
	wire "encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/wait"
)

// mutterInput is the service of mutter that makes input for remote desktops.
const mutterInput = "org.gnome.Mutter.RemoteDesktop"

// remoteDesktop moves mutter's pointer, in one session for each mutter.
func remoteDesktop(t *testing.T) func(*testing.T) {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	sessions := map[string]dbus.BusObject{}
	return func(t *testing.T) {
		var owner string
		if err := conn.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, mutterInput).Store(&owner); err != nil {
			t.Errorf("mutter: %v", err)
			return
		}
		s := sessions[owner]
		if s == nil {
			var path dbus.ObjectPath
			if err := conn.Object(mutterInput, "/org/gnome/Mutter/RemoteDesktop").Call(mutterInput+".CreateSession", 0).Store(&path); err != nil {
				t.Errorf("mutter: %v", err)
				return
			}
			s = conn.Object(mutterInput, path)
			sessions[owner] = s
			if err := s.Call(mutterInput+".Session.Start", 0).Err; err != nil {
				t.Errorf("mutter: %v", err)
			}
		}
		if err := s.Call(mutterInput+".Session.NotifyPointerMotionRelative", 0, 3.0, 2.0).Err; err != nil {
			t.Errorf("mutter: %v", err)
		}
	}
}

// fakeInput moves KWin's pointer through org_kde_kwin_fake_input, over one
// connection until it breaks.
//
// Source: https://wayland.app/protocols/kde-fake-input
func fakeInput(display string) func(*testing.T) {
	var k *kwinInput
	return func(t *testing.T) {
		if k == nil || !k.move() {
			k = newKWinInput(t, display)
			if !k.move() {
				t.Error("KWin takes no input")
			}
		}
	}
}

// kwinInput is a Wayland connection to KWin that may move its pointer.
type kwinInput struct {
	conn net.Conn
	last uint32 // the last object
}

// The objects of the connection, beside the display, which is object 1. Later
// ones are callbacks.
const (
	kwinRegistry = 2
	kwinFake     = 3
)

func newKWinInput(t *testing.T, display string) *kwinInput {
	t.Helper()
	conn, err := net.Dial("unix", display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	k := &kwinInput{conn, kwinFake}
	if !k.send(message(1, 1, number(kwinRegistry))) {
		t.Error("KWin does not listen")
	}
	var global uint32
	for global == 0 {
		object, body, ok := k.receive()
		if !ok {
			t.Fatal("KWin has no org_kde_kwin_fake_input")
		}
		if object == kwinRegistry && strings.Contains(string(body), "org_kde_kwin_fake_input") {
			global = wire.NativeEndian.Uint32(body)
		}
	}
	k.send(message(kwinRegistry, 0, number(global), text("org_kde_kwin_fake_input"), number(1), number(kwinFake)))
	k.send(message(kwinFake, 0, text("e2e"), text("test")))
	return k
}

// move moves the pointer by (3, 2) and waits until KWin has done so.
func (k *kwinInput) move() bool {
	k.last++
	ok := k.send(message(kwinFake, 1, number(3<<8), number(2<<8)), message(1, 0, number(k.last)))
	for ok {
		var object uint32
		if object, _, ok = k.receive(); object == k.last {
			return ok
		}
	}
	return false
}

func (k *kwinInput) send(b ...[]byte) bool {
	_, err := k.conn.Write(slices.Concat(b...))
	return err == nil
}

func (k *kwinInput) receive() (object uint32, body []byte, ok bool) {
	_ = k.conn.SetReadDeadline(time.Now().Add(wait.Patience))
	head := make([]byte, 8)
	if _, err := io.ReadFull(k.conn, head); err != nil {
		return 0, nil, false
	}
	body = make([]byte, wire.NativeEndian.Uint32(head[4:])>>16-8)
	_, err := io.ReadFull(k.conn, body)
	return wire.NativeEndian.Uint32(head), body, err == nil
}

// message, number and text make Wayland requests.
func message(object, opcode uint32, args ...[]byte) []byte {
	body := slices.Concat(args...)
	return slices.Concat(number(object), number(uint32(8+len(body))<<16|opcode), body)
}

func number(v uint32) []byte { return wire.NativeEndian.AppendUint32(nil, v) }

func text(s string) []byte {
	b := append(number(uint32(len(s)+1)), s...)
	return append(b, make([]byte, 4-len(s)%4)...)
}
