// Package winmsg receives the messages that Windows sends to top-level windows
// about the session, the power, devices and input. One hidden window, shared by
// all listeners, is open while there is a listener.
//
// It never shows a window and never stops Windows from suspending or signing
// out; a listener may delay either, see Listen.
package winmsg

// Message is a message of a window. Its values are those of the Windows SDK.
type Message struct {
	ID     uint32
	WParam uintptr
	LParam uintptr
}

// Messages that the listeners of this program look for.
//
// Source: "WM_ENDSESSION message", "WM_INPUT message", "WM_POWERBROADCAST
// message", "WM_DEVICECHANGE message" and "WM_WTSSESSION_CHANGE message" in
// Microsoft's Windows API reference; values of winuser.h.
const (
	EndSession     = 0x0016 // WM_ENDSESSION
	Input          = 0x00FF // WM_INPUT
	PowerBroadcast = 0x0218 // WM_POWERBROADCAST
	DeviceChange   = 0x0219 // WM_DEVICECHANGE
	SessionChange  = 0x02B1 // WM_WTSSESSION_CHANGE
)

// DevicesChanged reports whether the message says that a device was plugged
// in or removed: DBT_DEVNODES_CHANGED of dbt.h, which every top-level window
// gets.
func (m Message) DevicesChanged() bool {
	const devNodesChanged = 7
	return m.ID == DeviceChange && m.WParam == devNodesChanged
}
