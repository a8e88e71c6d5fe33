package lastinput

import (
	"fmt"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// rawInput has Windows send raw input to the hidden window. A process has one
// registration, so it is made for the first watcher that needs it and removed
// after the last.
var rawInput rawInputUsers

type rawInputUsers struct {
	mu    sync.Mutex
	users int
}

// add has raw input sent to a window, the same one for all users, whichever
// program has the focus.
func (r *rawInputUsers) add(hwnd windows.HWND) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users == 0 {
		const inputSink = 0x100 // RIDEV_INPUTSINK
		if err := registerRawInput(inputSink, hwnd); err != nil {
			return err
		}
	}
	r.users++
	return nil
}

// remove ends what add began.
func (r *rawInputUsers) remove() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users--; r.users == 0 {
		const remove = 0x001            // RIDEV_REMOVE
		_ = registerRawInput(remove, 0) // it fails where a kind of device was never there
	}
}

// device is RAWINPUTDEVICE.
type device struct {
	usagePage, usage uint16
	flags            uint32
	target           windows.HWND
}

// HID usages of what a person touches, by page.
//
// Source: "HID Clients Supported in Windows",
// https://learn.microsoft.com/windows-hardware/drivers/hid/hid-clients-supported-in-windows
const (
	genericPage = 0x01
	mouse       = 0x02
	keyboard    = 0x06

	digitizerPage = 0x0d
	pen           = 0x02
	touchScreen   = 0x04
	touchPad      = 0x05
)

var usages = []struct{ page, usage uint16 }{
	{genericPage, mouse},
	{genericPage, keyboard},
	{digitizerPage, pen},
	{digitizerPage, touchScreen},
	{digitizerPage, touchPad},
}

// registerRawInput calls RegisterRawInputDevices for all usages.
//
// Source: "RAWINPUTDEVICE structure",
// https://learn.microsoft.com/windows/win32/api/winuser/ns-winuser-rawinputdevice
func registerRawInput(flags uint32, target windows.HWND) error {
	devices := make([]device, len(usages))
	for i, u := range usages {
		devices[i] = device{usagePage: u.page, usage: u.usage, flags: flags, target: target}
	}
	ok, _, err := procRegisterRawInputDevices.Call(uintptr(unsafe.Pointer(&devices[0])), uintptr(len(devices)), unsafe.Sizeof(devices[0]))
	if ok == 0 {
		return fmt.Errorf("RegisterRawInputDevices: %w", err)
	}
	return nil
}
