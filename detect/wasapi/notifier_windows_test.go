//go:build amd64 || arm64

package wasapi

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// TestNotifier calls our object as COM does.
func TestNotifier(t *testing.T) {
	changed := make(chan struct{}, 1)
	n := openNotifier(iidSessionEvents, changed, onStateChanged)
	defer n.close()
	query := func(id *windows.GUID) (uintptr, uint32) {
		var out uintptr
		r, _, _ := syscall.SyscallN(n.methods[queryInterface], n.address(), uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(&out)))
		return out, uint32(r)
	}
	for _, id := range []*windows.GUID{&iidUnknown, &iidSessionEvents} {
		if out, hr := query(id); out != n.address() || hr != resultOK {
			t.Errorf("%v: %v, %#x", id, out, hr)
		}
	}
	if out, hr := query(&iidSessionNotification); out != 0 || hr != resultNoInterface {
		t.Errorf("another interface: %v, %#x", out, hr)
	}
	const onSimpleVolumeChanged = 5
	syscall.SyscallN(n.methods[onSimpleVolumeChanged], n.address(), 0)
	if len(changed) != 0 {
		t.Error("a change of the volume is notified")
	}
	for range 3 { // nobody receives: it must not block
		syscall.SyscallN(n.methods[onStateChanged], n.address(), sessionActive)
	}
	if len(changed) != 1 {
		t.Error("a change of the state is not notified")
	}
	for left := range 3 {
		if r, _, _ := syscall.SyscallN(n.methods[release], n.address()); int(r) != 2-left {
			t.Errorf("%d references are left", r)
		}
	}
	n.refs.Store(1)
}

// TestCallOnAForeignThread: Windows Audio calls on threads of its own, which Go
// has not made. A thread begins with a call of one argument, as our methods do.
func TestCallOnAForeignThread(t *testing.T) {
	changed := make(chan struct{}, 1)
	n := openNotifier(iidSessionEvents, changed, onStateChanged)
	defer n.close()
	createThread := windows.NewLazySystemDLL("kernel32.dll").NewProc("CreateThread")
	for i := range 100 {
		thread, _, err := createThread.Call(0, 0, n.methods[onStateChanged], n.address(), 0, 0)
		if thread == 0 {
			t.Fatal(err)
		}
		if i%10 == 0 {
			runtime.GC() // while it runs
		}
		if event, err := windows.WaitForSingleObject(windows.Handle(thread), uint32(patience.Milliseconds())); err != nil || event != windows.WAIT_OBJECT_0 {
			t.Fatalf("the thread does not end: %#x, %v", event, err)
		}
		if err := windows.CloseHandle(windows.Handle(thread)); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		default:
			t.Fatalf("call %d was not notified", i+1)
		}
	}
}

// TestFloodOfSessions: what nobody reads is bounded, and released.
func TestFloodOfSessions(t *testing.T) {
	a, _, microphone := newAudio()
	session := a.newSession(microphone, "call", 1, sessionActive)
	n := openNotifier(iidSessionNotification, make(chan struct{}, 1))
	for range 10 * maxHanded {
		syscall.SyscallN(n.methods[onSessionCreated], n.address(), uintptr(unsafe.Pointer(session)))
	}
	a.set(func() {
		if session.refs != 1+maxHanded {
			t.Errorf("%d references", session.refs)
		}
	})
	if _, announced := n.sessions(); !announced {
		t.Error("no session is announced")
	}
	a.set(func() { session.refs = 1 }) // those that sessions returned
	syscall.SyscallN(n.methods[onSessionCreated], n.address(), uintptr(unsafe.Pointer(session)))
	n.close()
	a.checkReleased(t)
}

func TestSizeOfAVariant(t *testing.T) {
	if size, text := unsafe.Sizeof(variant{}), unsafe.Offsetof(variant{}.text); size != 24 || text != 8 {
		t.Errorf("PROPVARIANT takes %d bytes, with its value at %d", size, text)
	}
}
