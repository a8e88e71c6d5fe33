package tray

import (
	"sync/atomic"
	"unsafe"

	"fyne.io/systray"
	"golang.org/x/sys/windows"
)

var (
	shell32           = windows.NewLazySystemDLL("shell32.dll")
	procNotifyIcon    = shell32.NewProc("Shell_NotifyIconW")
	procCreateIcon    = user32.NewProc("CreateIconFromResourceEx")
	procDestroyIcon   = user32.NewProc("DestroyIcon")
	procMetrics       = user32.NewProc("GetSystemMetrics")
	procMetricsForDPI = user32.NewProc("GetSystemMetricsForDpi")
	procDPIForWindow  = user32.NewProc("GetDpiForWindow")
	procFindWindow    = user32.NewProc("FindWindowW")
	procFindWindowEx  = user32.NewProc("FindWindowExW")
	procWindowProcess = user32.NewProc("GetWindowThreadProcessId")
)

// notifyIcon is NOTIFYICONDATAW.
type notifyIcon struct {
	size               uint32
	window             uintptr
	id, flags, message uint32
	icon               uintptr
	tip                [128]uint16
	state, stateMask   uint32
	info               [256]uint16
	version            uint32
	infoTitle          [64]uint16
	infoFlags          uint32
	item               windows.GUID
	balloonIcon        uintptr
}

// The icon of fyne.io/systray, as that makes it.
const (
	libraryClass   = "SystrayClass"
	libraryIcon    = 100
	libraryMessage = 0x0400 + 1 // WM_USER + 1
)

// modify changes the icon of a library's window; false: there is none, or
// Explorer does not answer. flags are those of shellapi.h.
func (n *notifyIcon) modify(window uintptr) bool {
	n.size, n.window, n.id = uint32(unsafe.Sizeof(*n)), window, libraryIcon
	const modify = 1 // NIM_MODIFY
	ok, _, _ := procNotifyIcon.Call(modify, uintptr(unsafe.Pointer(n)))
	return ok != 0
}

// iconThere reports whether the taskbar has the icon. It asks by a change to what
// is there already.
func iconThere(window uintptr) bool {
	const message = 1 // NIF_MESSAGE
	n := notifyIcon{flags: message, message: libraryMessage}
	return n.modify(window)
}

// picture is the .ico that is shown.
var picture atomic.Pointer[[]byte]

// showPicture shows a picture.
func showPicture(ico []byte) {
	systray.SetIcon(ico)
	picture.Store(&ico)
	putPicture()
}

// showTooltip sets the tooltip, as long as Windows allows. With it the library
// sends its own picture again.
func showTooltip(text string) {
	systray.SetTooltip(cutTip(text))
	putPicture()
}

// putPicture puts the picture that was drawn for the taskbar's size over the
// library's, which is loaded at 32 pixels and shrunk by Explorer. The library
// needs its own for when it adds the icon again.
func putPicture() {
	ico := picture.Load()
	if ico == nil {
		return
	}
	size := iconSize()
	p := pictureOf(*ico, size)
	if p == nil {
		return
	}
	const version = 0x00030000 // of the format of icons
	icon, _, _ := procCreateIcon.Call(uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), 1, version, uintptr(size), uintptr(size), 0)
	if icon == 0 {
		return
	}
	defer procDestroyIcon.Call(icon) // Explorer has a copy
	const withIcon = 2               // NIF_ICON
	n := notifyIcon{flags: withIcon, icon: icon}
	n.modify(libraryWindow()) // if it fails the library's picture is shown
}

// iconSize returns the size of icons on the taskbar, in pixels.
func iconSize() int {
	const smallIcon = 49                                                   // SM_CXSMICON
	if procDPIForWindow.Find() == nil && procMetricsForDPI.Find() == nil { // Windows 10 1607 and later
		if dpi, _, _ := procDPIForWindow.Call(taskbarWindow()); dpi != 0 {
			if size, _, _ := procMetricsForDPI.Call(smallIcon, dpi); size != 0 {
				return int(size)
			}
		}
	}
	size, _, _ := procMetrics.Call(smallIcon)
	return int(size)
}

// taskbarWindow returns the taskbar; 0: there is none.
func taskbarWindow() uintptr {
	window, _, _ := procFindWindow.Call(uintptr(unsafe.Pointer(taskbarClass)), 0)
	return window
}

var (
	taskbarClass, _ = windows.UTF16PtrFromString("Shell_TrayWnd") // it has no zero byte
	iconClass, _    = windows.UTF16PtrFromString(libraryClass)
)

// libraryWindow returns the library's window in this process; 0: there is none.
// Other programs with the same library have one too.
func libraryWindow() uintptr { return libraryWindowOf(windows.GetCurrentProcessId()) }

func libraryWindowOf(process uint32) uintptr {
	window := uintptr(0)
	for {
		window, _, _ = procFindWindowEx.Call(0, window, uintptr(unsafe.Pointer(iconClass)), 0)
		if window == 0 {
			return 0
		}
		var pid uint32
		procWindowProcess.Call(window, uintptr(unsafe.Pointer(&pid)))
		if pid == process {
			return window
		}
	}
}
