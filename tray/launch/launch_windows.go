package launch

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

func openURL(page string) error { return execute(page, "") }

// openFile opens a file of a type that no program claims, as .toml on a new
// Windows, in Notepad.
func openFile(path string) error {
	err := execute(path, "")
	if errors.Is(err, windows.ERROR_NO_ASSOCIATION) {
		return execute("notepad.exe", `"`+path+`"`)
	}
	return err
}

// execute has the shell open a file, which starts no console window. The shell
// may ask the person which program to use, or wait for a program that does not
// answer: it is given failWithin to fail, and is not waited for otherwise.
//
// Source: https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-shellexecutew
func execute(file, args string) error {
	done := make(chan error, 1)
	go func() { done <- shellExecute(file, args) }()
	timer := time.NewTimer(failWithin)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return nil
	}
}

// shellExecute runs on a thread of its own with COM, which the shell's
// extensions need.
func shellExecute(file, args string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := windows.CoInitializeEx(0, windows.COINIT_APARTMENTTHREADED|windows.COINIT_DISABLE_OLE1DDE)
	if err == nil || errors.Is(err, syscall.Errno(windows.S_FALSE)) { // S_FALSE: the thread had COM already
		defer windows.CoUninitialize()
	}
	name, err := windows.UTF16PtrFromString(file)
	if err != nil {
		return err
	}
	var parameters *uint16
	if args != "" {
		if parameters, err = windows.UTF16PtrFromString(args); err != nil {
			return err
		}
	}
	if err := windows.ShellExecute(0, nil, name, parameters, nil, windows.SW_SHOWNORMAL); err != nil {
		return fmt.Errorf("the shell refuses: %w", err)
	}
	return nil
}
