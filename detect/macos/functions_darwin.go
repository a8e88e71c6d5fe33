package macos

import (
	"sync"

	"heliograph/detect/corefoundation"
)

// Functions of CoreGraphics, IOKit and libproc.
//
// Source: CGEventSource.h, CGSession.h, IOKit/pwr_mgt/IOPMLib.h,
// IOKit/IOKitLib.h and libproc.h of the macOS SDK.
var (
	cgSecondsSinceInput func(state int32, kind uint32) float64
	cgSession           func() corefoundation.Ref

	ioRegisterPower    func(refcon uintptr, port *uintptr, callback uintptr, notifier *uint32) uint32
	ioDeregisterPower  func(notifier *uint32) int32
	ioPortSource       func(port uintptr) corefoundation.Ref
	ioPortDestroy      func(port uintptr)
	ioAllowPowerChange func(root uint32, id int) int32
	ioServiceClose     func(connect uint32) int32
	ioAssertions       func(out *corefoundation.Ref) int32

	procPath func(pid int32, buf *byte, size uint32) int32
)

// load binds these functions, once.
var load = sync.OnceValue(func() error {
	if err := corefoundation.Load(); err != nil {
		return err
	}
	for library, functions := range map[string]map[string]any{
		corefoundation.FrameworkPath("CoreGraphics"): {
			"CGEventSourceSecondsSinceLastEventType": &cgSecondsSinceInput,
			"CGSessionCopyCurrentDictionary":         &cgSession,
		},
		corefoundation.FrameworkPath("IOKit"): {
			"IORegisterForSystemPower":           &ioRegisterPower,
			"IODeregisterForSystemPower":         &ioDeregisterPower,
			"IONotificationPortGetRunLoopSource": &ioPortSource,
			"IONotificationPortDestroy":          &ioPortDestroy,
			"IOAllowPowerChange":                 &ioAllowPowerChange,
			"IOServiceClose":                     &ioServiceClose,
			"IOPMCopyAssertionsByProcess":        &ioAssertions,
		},
		"/usr/lib/libproc.dylib": {
			"proc_pidpath": &procPath,
		},
	} {
		if err := corefoundation.Bind(library, functions); err != nil {
			return err
		}
	}
	return nil
})

// ProcessPath returns the path of a process's executable; empty if it has ended
// or macOS refuses the request.
func ProcessPath(pid int) string {
	if load() != nil {
		return ""
	}
	var buf [4096]byte // PROC_PIDPATHINFO_MAXSIZE
	n := procPath(int32(pid), &buf[0], uint32(len(buf)))
	if n <= 0 {
		return ""
	}
	return string(buf[:n])
}
