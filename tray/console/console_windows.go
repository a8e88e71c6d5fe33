package console

import (
	"os"

	"golang.org/x/sys/windows"
)

var (
	kernel32          = windows.NewLazySystemDLL("kernel32.dll")
	procAttachConsole = kernel32.NewProc("AttachConsole")
	procFreeConsole   = kernel32.NewProc("FreeConsole")
)

// attached is whether Attach has attached the program to another's console.
var attached bool

// Attach attaches a program that was linked without a console to the console of
// the shell that started it, and opens os.Stdin, os.Stdout and os.Stderr on it.
// A file that was redirected is kept. Without such a shell nothing changes. It
// must be called before anything else uses these files.
//
// A shell does not wait for such a program, so its output may come after the
// next prompt; heliograph.com is the same program linked with a console.
//
// Source: "AttachConsole function",
// https://learn.microsoft.com/windows/console/attachconsole
func Attach() {
	files := []struct {
		kind uint32
		name string
		mode int
		file **os.File
	}{
		{windows.STD_INPUT_HANDLE, "CONIN$", os.O_RDONLY, &os.Stdin},
		{windows.STD_OUTPUT_HANDLE, "CONOUT$", os.O_RDWR, &os.Stdout},
		{windows.STD_ERROR_HANDLE, "CONOUT$", os.O_RDWR, &os.Stderr},
	}
	for _, f := range files {
		if usable(f.kind) {
			continue
		}
		const parent = ^uintptr(0) // ATTACH_PARENT_PROCESS
		if !attached {
			if ok, _, _ := procAttachConsole.Call(parent); ok == 0 {
				return
			}
			attached = true
		}
		if open, err := os.OpenFile(f.name, f.mode, 0); err == nil {
			*f.file = open
		}
	}
}

// usable reports whether a standard handle is open.
func usable(kind uint32) bool {
	h, err := windows.GetStdHandle(kind)
	if err != nil || h == 0 || h == windows.InvalidHandle {
		return false
	}
	t, err := windows.GetFileType(h)
	return err == nil && t != windows.FILE_TYPE_UNKNOWN
}

// Attached reports whether the program uses the console of the shell that
// started it. That has not waited: its prompt is there already.
func Attached() bool { return attached }

// Detach leaves the console that Attach has attached the program to. Windows ends
// every program of a console that is closed, and Ctrl-C in it ends those that the
// shell no longer shows. A console of the program's own is kept.
//
// Source: "FreeConsole function", https://learn.microsoft.com/windows/console/freeconsole
func Detach() {
	if attached {
		procFreeConsole.Call() // it fails without a console only
		attached = false
	}
}
