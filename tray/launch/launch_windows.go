package launch

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// shellTimeout bounds a request to the shell, which answers without waiting for
// the program, yet may load extensions first: 2.5 s were measured under Wine.
const shellTimeout = 4 * time.Second

func openURL(page string) error { return bounded(func() error { return shellExecute(page, "") }) }

// openFile opens a file of a type that no program claims, as .toml on a new
// Windows, in Notepad.
func openFile(path string) error {
	return bounded(func() error {
		err := shellExecute(path, "")
		if errors.Is(err, windows.ERROR_NO_ASSOCIATION) {
			return shellExecute("notepad.exe", `"`+path+`"`)
		}
		return err
	})
}

// bounded runs do and waits for it for shellTimeout at most. A shell that takes
// longer, as when it asks the person which program to use, counts as a success.
func bounded(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return failure(done, shellTimeout)
}

// shellExecute has the shell open a file, which starts no console window. It
// runs on a thread of its own with COM, which the shell's extensions need.
//
// Source: https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-shellexecutew
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
