package corefoundation

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Functions of Core Foundation.
//
// Source: CFBase.h, CFString.h, CFNumber.h, CFArray.h, CFDictionary.h,
// CFRunLoop.h and CFNotificationCenter.h of the macOS SDK;
// https://developer.apple.com/documentation/corefoundation
var (
	cfRelease          func(ref Ref)
	cfGetTypeID        func(ref Ref) uintptr
	cfStringCreate     func(allocator uintptr, text string, encoding uint32) Ref
	cfStringGet        func(ref Ref, buf *byte, size int, encoding uint32) bool
	cfStringTypeID     func() uintptr
	cfNumberGet        func(ref Ref, kind int, value unsafe.Pointer) bool
	cfNumberTypeID     func() uintptr
	cfBooleanGet       func(ref Ref) bool
	cfBooleanTypeID    func() uintptr
	cfArrayCount       func(ref Ref) int
	cfArrayAt          func(ref Ref, i int) Ref
	cfArrayTypeID      func() uintptr
	cfDictionaryGet    func(ref, key Ref) Ref
	cfDictionaryCount  func(ref Ref) int
	cfDictionaryAll    func(ref Ref, keys, values *Ref)
	cfDictionaryTypeID func() uintptr

	cfRunLoopCurrent   func() RunLoop
	cfRunLoopMain      func() RunLoop
	cfRunLoopMode      func(loop RunLoop) Ref
	cfRunLoopRun       func()
	cfRunLoopStop      func(loop RunLoop)
	cfRunLoopAddSource func(loop RunLoop, source, mode Ref)

	cfDistributedCenter func() uintptr
	cfDarwinCenter      func() uintptr
	cfAddObserver       func(center, observer, callback uintptr, name Ref, object uintptr, suspension int)
	cfRemoveObserver    func(center, observer uintptr)
)

// FrameworkPath returns the library of a framework of macOS.
func FrameworkPath(name string) string {
	return "/System/Library/Frameworks/" + name + ".framework/" + name
}

// Bind opens a library and sets each of these function variables, by address,
// to the C function with that name.
func Bind(library string, functions map[string]any) error {
	handle, err := purego.Dlopen(library, purego.RTLD_LAZY|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("open %s: %w", library, err)
	}
	for name, function := range functions {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return fmt.Errorf("this macOS has no function %s: %w", name, err)
		}
		purego.RegisterFunc(function, address)
	}
	return nil
}

// Functions of the Objective-C runtime.
//
// Source: https://clang.llvm.org/docs/AutomaticReferenceCounting.html, "Runtime
// support"; Apple declares them in objc-internal.h, and clang calls them for
// each @autoreleasepool.
var (
	objcPoolPush func() uintptr
	objcPoolPop  func(pool uintptr)
)

// Pool calls f and then frees what the frameworks have left to an autorelease
// pool meanwhile. A thread of Go's has no pool, so that such objects would never
// be freed.
func Pool(f func()) {
	runtime.LockOSThread() // a pool belongs to its thread
	defer runtime.UnlockOSThread()
	pool := objcPoolPush()
	defer objcPoolPop(pool)
	f()
}

// Load binds Core Foundation, once. All else in this package works only after
// it has returned nil.
var Load = sync.OnceValue(func() error {
	err := Bind("/usr/lib/libobjc.A.dylib", map[string]any{
		"objc_autoreleasePoolPush": &objcPoolPush,
		"objc_autoreleasePoolPop":  &objcPoolPop,
	})
	if err != nil {
		return err
	}
	return Bind(FrameworkPath("CoreFoundation"), map[string]any{
		"CFRelease":                    &cfRelease,
		"CFGetTypeID":                  &cfGetTypeID,
		"CFStringCreateWithCString":    &cfStringCreate,
		"CFStringGetCString":           &cfStringGet,
		"CFStringGetTypeID":            &cfStringTypeID,
		"CFNumberGetValue":             &cfNumberGet,
		"CFNumberGetTypeID":            &cfNumberTypeID,
		"CFBooleanGetValue":            &cfBooleanGet,
		"CFBooleanGetTypeID":           &cfBooleanTypeID,
		"CFArrayGetCount":              &cfArrayCount,
		"CFArrayGetValueAtIndex":       &cfArrayAt,
		"CFArrayGetTypeID":             &cfArrayTypeID,
		"CFDictionaryGetValue":         &cfDictionaryGet,
		"CFDictionaryGetCount":         &cfDictionaryCount,
		"CFDictionaryGetKeysAndValues": &cfDictionaryAll,
		"CFDictionaryGetTypeID":        &cfDictionaryTypeID,

		"CFRunLoopGetCurrent":      &cfRunLoopCurrent,
		"CFRunLoopGetMain":         &cfRunLoopMain,
		"CFRunLoopCopyCurrentMode": &cfRunLoopMode,
		"CFRunLoopRun":             &cfRunLoopRun,
		"CFRunLoopStop":            &cfRunLoopStop,
		"CFRunLoopAddSource":       &cfRunLoopAddSource,

		"CFNotificationCenterGetDistributedCenter":  &cfDistributedCenter,
		"CFNotificationCenterGetDarwinNotifyCenter": &cfDarwinCenter,
		"CFNotificationCenterAddObserver":           &cfAddObserver,
		"CFNotificationCenterRemoveEveryObserver":   &cfRemoveObserver,
	})
})

// Ref is a reference to an object of Core Foundation; 0 is NULL. Its methods
// return zero values for NULL and for objects of another type.
type Ref uintptr

const utf8 = 0x08000100 // kCFStringEncodingUTF8

// NewString makes a CFString, to be released.
func NewString(s string) Ref { return cfStringCreate(0, s, utf8) }

// Release gives up a reference; NULL has none.
func (r Ref) Release() {
	if r != 0 {
		cfRelease(r)
	}
}

// is reports whether the object has a type.
func (r Ref) is(typeID func() uintptr) bool { return r != 0 && cfGetTypeID(r) == typeID() }

// Text returns the text of a CFString of up to 1,023 bytes.
func (r Ref) Text() string {
	var buf [1024]byte
	if !r.is(cfStringTypeID) || !cfStringGet(r, &buf[0], len(buf), utf8) {
		return ""
	}
	text, _, _ := bytes.Cut(buf[:], []byte{0})
	return string(text)
}

// Int32 returns the value of a CFNumber.
func (r Ref) Int32() int32 {
	const sInt32 = 3 // kCFNumberSInt32Type
	var n int32
	if !r.is(cfNumberTypeID) || !cfNumberGet(r, sInt32, unsafe.Pointer(&n)) {
		return 0
	}
	return n
}

// Bool returns the value of a CFBoolean, or whether a CFNumber is not zero.
func (r Ref) Bool() bool {
	if r.is(cfBooleanTypeID) {
		return cfBooleanGet(r)
	}
	return r.Int32() != 0
}

// Array returns the elements of a CFArray, which live as long as the array.
func (r Ref) Array() []Ref {
	if !r.is(cfArrayTypeID) {
		return nil
	}
	all := make([]Ref, cfArrayCount(r))
	for i := range all {
		all[i] = cfArrayAt(r, i)
	}
	return all
}

// Get returns the value of a key of a CFDictionary, which lives as long as the
// dictionary.
func (r Ref) Get(key string) Ref {
	if !r.is(cfDictionaryTypeID) {
		return 0
	}
	k := NewString(key)
	defer k.Release()
	return cfDictionaryGet(r, k)
}

// Dictionary returns the keys and the values of a CFDictionary, in the same
// order. Both live as long as the dictionary.
func (r Ref) Dictionary() (keys, values []Ref) {
	if !r.is(cfDictionaryTypeID) {
		return nil, nil
	}
	n := cfDictionaryCount(r)
	if n == 0 {
		return nil, nil
	}
	keys, values = make([]Ref, n), make([]Ref, n)
	cfDictionaryAll(r, &keys[0], &values[0])
	return keys, values
}
