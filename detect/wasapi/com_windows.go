//go:build amd64 || arm64

package wasapi

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// This file is the part of COM that audio sessions need: calls through an
// object's table of methods. notifier_windows.go holds the objects of ours that
// COM calls.
//
// Source: "The Component Object Model",
// https://learn.microsoft.com/windows/win32/com/the-component-object-model

var (
	ole32                = windows.NewLazySystemDLL("ole32.dll")
	procCoCreateInstance = ole32.NewProc("CoCreateInstance")
	procCoTaskMemFree    = ole32.NewProc("CoTaskMemFree")
	procVariantClear     = ole32.NewProc("PropVariantClear")
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

// addRef takes another reference.
func (o *object) addRef() { _ = o.call(addRef) } // it returns a count, not a HRESULT

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

// propertyKey is PROPERTYKEY.
type propertyKey struct {
	format windows.GUID
	id     uint32
}

// variant is PROPVARIANT on 64-bit Windows, whose largest value is a count with
// a pointer.
//
// Source: "PROPVARIANT structure",
// https://learn.microsoft.com/windows/win32/api/propidlbase/ns-propidlbase-propvariant
type variant struct {
	kind uint16
	_    [3]uint16
	text *uint16 // of a value of kind variantText
	_    uintptr
}

// variantText is the kind of a string: VT_LPWSTR.
const variantText = 31

// String returns the string in the variant; empty: it holds another value.
func (v *variant) String() string {
	if v.kind != variantText || v.text == nil {
		return ""
	}
	return windows.UTF16PtrToString(v.text)
}

// clear frees what the variant holds.
func (v *variant) clear() { procVariantClear.Call(uintptr(unsafe.Pointer(v))) }
