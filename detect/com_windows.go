package detect

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// The little of COM that audio sessions need: calls through a table of
// methods, and objects of our own that are called back.

var (
	ole32                = windows.NewLazySystemDLL("ole32.dll")
	procCoCreateInstance = ole32.NewProc("CoCreateInstance")
	procCoTaskMemFree    = ole32.NewProc("CoTaskMemFree")
)

// Answers of COM.
const (
	comOK          = 0
	comNoInterface = 0x80004002
	comBadPointer  = 0x80004003
)

// unknown is an object of somebody else's. Its table has as many methods as
// its interface says.
type unknown struct{ methods *[64]uintptr }

// call calls the method at a place in the table.
//
//go:uintptrescapes
func (u *unknown) call(method int, args ...uintptr) error {
	r, _, _ := syscall.SyscallN(u.methods[method], append([]uintptr{uintptr(unsafe.Pointer(u))}, args...)...)
	if hr := uint32(r); hr>>31 != 0 {
		return comError(hr)
	}
	return nil
}

// comError is a failed HRESULT.
type comError uint32

func (e comError) Error() string { return fmt.Sprintf("Windows answers 0x%08X", uint32(e)) }

// query asks for another interface of the object.
func (u *unknown) query(id *windows.GUID) (*unknown, error) {
	var out *unknown
	err := u.call(0, uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(&out)))
	return out, err
}

// release gives the object back; nil is let be.
func (u *unknown) release() {
	if u != nil {
		_ = u.call(2) // the count of references, no HRESULT
	}
}

// text calls a method that returns a string to be freed.
func (u *unknown) text(method int) string {
	var s *uint16
	if u.call(method, uintptr(unsafe.Pointer(&s))) != nil || s == nil {
		return ""
	}
	defer procCoTaskMemFree.Call(uintptr(unsafe.Pointer(s)))
	return windows.UTF16PtrToString(s)
}

// create makes an object of a registered class.
func create(class, id *windows.GUID) (*unknown, error) {
	const anyContext = 0x17
	var out *unknown
	r, _, _ := procCoCreateInstance.Call(uintptr(unsafe.Pointer(class)), 0, anyContext, uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(&out)))
	if hr := uint32(r); hr>>31 != 0 {
		return nil, comError(hr)
	}
	return out, nil
}

// bell is an object of ours that rings when some of its methods are called:
// whoever waits looks at everything anew. COM keeps its address, so it must
// live as long as it is registered; its owner holds on to it.
type bell struct {
	methods *[16]uintptr
	id      windows.GUID
	ring    chan struct{}
	refs    atomic.Int32
	table   [16]uintptr
}

// bellMethods are the methods that all bells have, made once: callbacks are
// never freed. What arguments a method has does not matter to one that looks
// at none.
var bellMethods = sync.OnceValue(func() (m struct{ query, hold, drop, ring, rest uintptr }) {
	m.query = windows.NewCallback(bellQuery)
	m.hold = windows.NewCallback(func(b *bell) uintptr { return uintptr(b.refs.Add(1)) })
	m.drop = windows.NewCallback(func(b *bell) uintptr { return uintptr(b.refs.Add(-1)) })
	m.ring = windows.NewCallback(bellRing)
	m.rest = windows.NewCallback(func(*bell) uintptr { return comOK })
	return m
})

// newBell makes an object that implements the interface id and rings at the
// methods at these places.
func newBell(id windows.GUID, ring chan struct{}, methods ...int) *bell {
	m := bellMethods()
	b := &bell{id: id, ring: ring}
	b.methods = &b.table
	b.table[0], b.table[1], b.table[2] = m.query, m.hold, m.drop
	for i := 3; i < len(b.table); i++ {
		b.table[i] = m.rest
	}
	for _, i := range methods {
		b.table[i] = m.ring
	}
	b.refs.Store(1)
	return b
}

var idUnknown = windows.GUID{Data4: [8]byte{0xC0, 0, 0, 0, 0, 0, 0, 0x46}}

func bellQuery(b *bell, id *windows.GUID, out **bell) uintptr {
	if out == nil || id == nil {
		return comBadPointer
	}
	if *id != idUnknown && *id != b.id {
		*out = nil
		return comNoInterface
	}
	b.refs.Add(1)
	*out = b
	return comOK
}

// bellRing must not wait: Windows holds locks while it calls.
func bellRing(b *bell) uintptr {
	select {
	case b.ring <- struct{}{}:
	default:
	}
	return comOK
}
