package wasapi

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// This file is the part of COM that audio sessions need: calls through an
// object's table of methods, and notifiers, objects of ours that COM calls.
//
// Source: "The Component Object Model",
// https://learn.microsoft.com/windows/win32/com/the-component-object-model

var (
	ole32                = windows.NewLazySystemDLL("ole32.dll")
	procCoCreateInstance = ole32.NewProc("CoCreateInstance")
	procCoTaskMemFree    = ole32.NewProc("CoTaskMemFree")
)

// Results of winerror.h.
const (
	resultOK          = 0          // S_OK
	resultNoInterface = 0x80004002 // E_NOINTERFACE
	resultBadPointer  = 0x80004003 // E_POINTER
)

// clsctxAll lets COM choose where an object runs: CLSCTX_ALL of wtypesbase.h.
const clsctxAll = 0x17

// newGUID returns a GUID from its parts as they are written.
func newGUID(a uint32, b, c uint16, d uint64) windows.GUID {
	g := windows.GUID{Data1: a, Data2: b, Data3: c}
	for i := range g.Data4 {
		g.Data4[i] = byte(d >> (56 - 8*i))
	}
	return g
}

// Places of the methods that every object has: IUnknown.
const (
	queryInterface = 0
	addRef         = 1
	release        = 2
)

var iidUnknown = newGUID(0, 0, 0, 0xC000000000000046)

// object is an object of COM. Its table has as many methods as its interface
// says; 64 are more than any interface here has.
type object struct{ methods *[64]uintptr }

// call calls the method at a place of the table. It returns an error for a
// HRESULT that reports a failure.
//
//go:uintptrescapes
func (o *object) call(method int, args ...uintptr) error {
	r, _, _ := syscall.SyscallN(o.methods[method], append([]uintptr{uintptr(unsafe.Pointer(o))}, args...)...)
	return result(r)
}

// result turns a HRESULT into an error, or nil.
func result(r uintptr) error {
	if hr := hresult(r); hr>>31 != 0 {
		return hr
	}
	return nil
}

// hresult is a HRESULT that reports a failure.
type hresult uint32

func (e hresult) Error() string { return fmt.Sprintf("HRESULT 0x%08X", uint32(e)) }

// query returns another interface of the object, to be released.
func (o *object) query(id *windows.GUID) (*object, error) {
	var out *object
	err := o.call(queryInterface, uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(&out)))
	return out, err
}

// release gives up a reference; a nil object has none.
func (o *object) release() {
	if o != nil {
		_ = o.call(release) // it returns a count, not a HRESULT
	}
}

// text calls a method that returns a string for the caller to free. It is empty
// if the method fails.
func (o *object) text(method int) string {
	var s *uint16
	if o.call(method, uintptr(unsafe.Pointer(&s))) != nil || s == nil {
		return ""
	}
	defer procCoTaskMemFree.Call(uintptr(unsafe.Pointer(s)))
	return windows.UTF16PtrToString(s)
}

// create makes an object of a class, to be released.
func create(class, id *windows.GUID) (*object, error) {
	var out *object
	r, _, _ := procCoCreateInstance.Call(uintptr(unsafe.Pointer(class)), 0, clsctxAll, uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(&out)))
	return out, result(r)
}

// notifier is an object of ours that COM calls to report a change. It ignores
// the arguments: the receiver of changed reads everything anew. COM keeps its
// address, so its owner must hold it for as long as it is registered.
type notifier struct {
	methods *[16]uintptr
	id      windows.GUID
	changed chan struct{} // with room for one
	refs    atomic.Int32
	table   [16]uintptr
}

// callbacks are the methods of all notifiers, made once since Go never frees a
// callback. One that ignores its arguments serves for methods of any form:
// in the calling convention of 64-bit Windows the caller removes them.
var callbacks = sync.OnceValue(func() (c struct{ query, addRef, release, notify, ignore uintptr }) {
	c.query = windows.NewCallback((*notifier).query)
	c.addRef = windows.NewCallback(func(n *notifier) uintptr { return uintptr(n.refs.Add(1)) })
	c.release = windows.NewCallback(func(n *notifier) uintptr { return uintptr(n.refs.Add(-1)) })
	c.notify = windows.NewCallback((*notifier).notify)
	c.ignore = windows.NewCallback(func(*notifier) uintptr { return resultOK })
	return c
})

// newNotifier makes an object that implements an interface and notifies changed
// when one of these methods is called.
func newNotifier(id windows.GUID, changed chan struct{}, methods ...int) *notifier {
	c := callbacks()
	n := &notifier{id: id, changed: changed}
	n.methods = &n.table
	n.table[queryInterface], n.table[addRef], n.table[release] = c.query, c.addRef, c.release
	for i := release + 1; i < len(n.table); i++ {
		n.table[i] = c.ignore
	}
	for _, i := range methods {
		n.table[i] = c.notify
	}
	n.refs.Store(1)
	return n
}

// query implements QueryInterface.
func (n *notifier) query(id *windows.GUID, out **notifier) uintptr {
	if out == nil || id == nil {
		return resultBadPointer
	}
	if *id != iidUnknown && *id != n.id {
		*out = nil
		return resultNoInterface
	}
	n.refs.Add(1)
	*out = n
	return resultOK
}

// notify must not block: Windows holds locks while it calls.
func (n *notifier) notify() uintptr {
	select {
	case n.changed <- struct{}{}:
	default:
	}
	return resultOK
}
