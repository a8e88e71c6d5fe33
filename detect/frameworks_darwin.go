package detect

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// The functions of macOS that the detector calls, without cgo, so that the
// program builds anywhere. Handles of Core Foundation are plain numbers here.

var (
	cfRelease             func(ref uintptr)
	cfStringCreate        func(allocator uintptr, text string, encoding uint32) uintptr
	cfStringGet           func(ref uintptr, buf *byte, size int, encoding uint32) bool
	cfGetTypeID           func(ref uintptr) uintptr
	cfStringTypeID        func() uintptr
	cfNumberTypeID        func() uintptr
	cfBooleanTypeID       func() uintptr
	cfArrayTypeID         func() uintptr
	cfDictionaryTypeID    func() uintptr
	cfNumberGet           func(ref uintptr, kind int, value unsafe.Pointer) bool
	cfBooleanGet          func(ref uintptr) bool
	cfArrayCount          func(ref uintptr) int
	cfArrayAt             func(ref uintptr, i int) uintptr
	cfDictionaryGet       func(ref, key uintptr) uintptr
	cfDictionaryCount     func(ref uintptr) int
	cfDictionaryAll       func(ref uintptr, keys, values *uintptr)
	cfRunLoopCurrent      func() uintptr
	cfRunLoopRun          func()
	cfRunLoopStop         func(loop uintptr)
	cfRunLoopAddSource    func(loop, source, mode uintptr)
	cfDistributedCenter   func() uintptr
	cfDarwinCenter        func() uintptr
	cfAddObserver         func(center, observer, callback, name, object uintptr, suspension int)
	cfRemoveEveryObserver func(center, observer uintptr)

	cgSecondsSinceInput func(state int32, kind uint32) float64
	cgSession           func() uintptr

	ioRegisterPower     func(refcon uintptr, port *uintptr, callback uintptr, notifier *uint32) uint32
	ioDeregisterPower   func(notifier *uint32) int32
	ioPortSource        func(port uintptr) uintptr
	ioPortDestroy       func(port uintptr)
	ioAllowPowerChange  func(root uint32, id int) int32
	ioServiceClose      func(connect uint32) int32
	ioAssertions        func(out *uintptr) int32
	audioHasProperty    func(object uint32, address *audioAddress) bool
	audioPropertySize   func(object uint32, address *audioAddress, qualifierSize uint32, qualifier uintptr, size *uint32) int32
	audioProperty       func(object uint32, address *audioAddress, qualifierSize uint32, qualifier uintptr, size *uint32, data unsafe.Pointer) int32
	audioAddListener    func(object uint32, address *audioAddress, callback, data uintptr) int32
	audioRemoveListener func(object uint32, address *audioAddress, callback, data uintptr) int32
	procPath            func(pid int32, buf *byte, size uint32) int32
	cfDefaultMode       uintptr
)

// frameworks opens what is needed, once.
var frameworks = sync.OnceValue(func() error {
	const root = "/System/Library/Frameworks/"
	for _, lib := range []struct {
		path      string
		functions map[string]any
	}{
		{root + "CoreFoundation.framework/CoreFoundation", map[string]any{
			"CFRelease": &cfRelease, "CFStringCreateWithCString": &cfStringCreate, "CFStringGetCString": &cfStringGet,
			"CFGetTypeID": &cfGetTypeID, "CFStringGetTypeID": &cfStringTypeID, "CFNumberGetTypeID": &cfNumberTypeID,
			"CFBooleanGetTypeID": &cfBooleanTypeID, "CFArrayGetTypeID": &cfArrayTypeID, "CFDictionaryGetTypeID": &cfDictionaryTypeID,
			"CFNumberGetValue": &cfNumberGet, "CFBooleanGetValue": &cfBooleanGet, "CFArrayGetCount": &cfArrayCount,
			"CFArrayGetValueAtIndex": &cfArrayAt, "CFDictionaryGetValue": &cfDictionaryGet, "CFDictionaryGetCount": &cfDictionaryCount,
			"CFDictionaryGetKeysAndValues": &cfDictionaryAll, "CFRunLoopGetCurrent": &cfRunLoopCurrent, "CFRunLoopRun": &cfRunLoopRun,
			"CFRunLoopStop": &cfRunLoopStop, "CFRunLoopAddSource": &cfRunLoopAddSource,
			"CFNotificationCenterGetDistributedCenter": &cfDistributedCenter, "CFNotificationCenterGetDarwinNotifyCenter": &cfDarwinCenter,
			"CFNotificationCenterAddObserver": &cfAddObserver, "CFNotificationCenterRemoveEveryObserver": &cfRemoveEveryObserver}},
		{root + "CoreGraphics.framework/CoreGraphics", map[string]any{
			"CGEventSourceSecondsSinceLastEventType": &cgSecondsSinceInput, "CGSessionCopyCurrentDictionary": &cgSession}},
		{root + "IOKit.framework/IOKit", map[string]any{
			"IORegisterForSystemPower": &ioRegisterPower, "IODeregisterForSystemPower": &ioDeregisterPower,
			"IONotificationPortGetRunLoopSource": &ioPortSource, "IONotificationPortDestroy": &ioPortDestroy,
			"IOAllowPowerChange": &ioAllowPowerChange, "IOServiceClose": &ioServiceClose, "IOPMCopyAssertionsByProcess": &ioAssertions}},
		{root + "CoreAudio.framework/CoreAudio", map[string]any{
			"AudioObjectHasProperty": &audioHasProperty, "AudioObjectGetPropertyDataSize": &audioPropertySize, "AudioObjectGetPropertyData": &audioProperty,
			"AudioObjectAddPropertyListener": &audioAddListener, "AudioObjectRemovePropertyListener": &audioRemoveListener}},
		{"/usr/lib/libproc.dylib", map[string]any{"proc_pidpath": &procPath}},
	} {
		handle, err := purego.Dlopen(lib.path, purego.RTLD_LAZY|purego.RTLD_GLOBAL)
		if err != nil {
			return fmt.Errorf("macOS does not open %s: %w", lib.path, err)
		}
		for name, function := range lib.functions {
			address, err := purego.Dlsym(handle, name)
			if err != nil {
				return fmt.Errorf("this macOS has no %s: %w", name, err)
			}
			purego.RegisterFunc(function, address)
		}
	}
	cfDefaultMode = cfText("kCFRunLoopDefaultMode") // the constant's own text
	return nil
})

const cfUTF8 = 0x08000100

// cfText makes a string of Core Foundation's, to be released.
func cfText(s string) uintptr { return cfStringCreate(0, s, cfUTF8) }

// goText reads one; empty: it is none.
func goText(ref uintptr) string {
	var buf [1024]byte
	if ref == 0 || cfGetTypeID(ref) != cfStringTypeID() || !cfStringGet(ref, &buf[0], len(buf), cfUTF8) {
		return ""
	}
	for i, c := range buf {
		if c == 0 {
			return string(buf[:i])
		}
	}
	return ""
}

// truth reads a boolean, or a number that stands for one.
func truth(ref uintptr) bool {
	switch {
	case ref == 0:
		return false
	case cfGetTypeID(ref) == cfBooleanTypeID():
		return cfBooleanGet(ref)
	}
	return number(ref) != 0
}

// number reads a number; zero: it is none.
func number(ref uintptr) int32 {
	const sInt32 = 3
	var n int32
	if ref == 0 || cfGetTypeID(ref) != cfNumberTypeID() || !cfNumberGet(ref, sInt32, unsafe.Pointer(&n)) {
		return 0
	}
	return n
}

// value looks a key up in a dictionary; zero: it is not there.
func value(dictionary uintptr, key string) uintptr {
	k := cfText(key)
	defer cfRelease(k)
	return cfDictionaryGet(dictionary, k)
}

// program is the path of a process's executable; empty: it cannot be told.
func program(pid int) string {
	var buf [4096]byte // PROC_PIDPATHINFO_MAXSIZE
	n := procPath(int32(pid), &buf[0], uint32(len(buf)))
	if n <= 0 {
		return ""
	}
	return string(buf[:n])
}

// bells are channels that callbacks of macOS ring, by a number: a callback is
// never freed, so each kind has one, and cannot be given a pointer of Go's.
var bells struct {
	sync.Mutex
	last uintptr
	all  map[uintptr]chan struct{}
}

// newBell has ring rung under a number.
func newBell(ring chan struct{}) uintptr {
	bells.Lock()
	defer bells.Unlock()
	if bells.all == nil {
		bells.all = map[uintptr]chan struct{}{}
	}
	bells.last++
	bells.all[bells.last] = ring
	return bells.last
}

func dropBell(n uintptr) {
	bells.Lock()
	defer bells.Unlock()
	delete(bells.all, n)
}

// ringBell must not wait: macOS holds locks while it calls.
func ringBell(n uintptr) {
	bells.Lock()
	ring := bells.all[n]
	bells.Unlock()
	select {
	case ring <- struct{}{}: // a nil channel takes nothing
	default:
	}
}

// locked runs f on a thread of its own.
func lockedThread(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f()
}
