package winproc

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var procGetPackageFamilyName = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetPackageFamilyName")

// Snapshot lists all present processes.
//
// Source: "Taking a Snapshot and Viewing Processes",
// https://learn.microsoft.com/windows/win32/toolhelp/taking-a-snapshot-and-viewing-processes
func Snapshot() (Table, error) {
	h, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer windows.CloseHandle(h)
	t := Table{}
	var e windows.ProcessEntry32
	e.Size = uint32(unsafe.Sizeof(e))
	for err = windows.Process32First(h, &e); err == nil; err = windows.Process32Next(h, &e) {
		t[e.ProcessID] = Entry{e.ParentProcessID, windows.UTF16ToString(e.ExeFile[:])}
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	return t, nil
}

// Names returns the names of a process, the most specific first: the family
// name of its package and the first part of that, its executable, then the
// executables of its parents up to the shell or service that started them. It
// is empty if the process is not in the snapshot.
func (t Table) Names(pid uint32) []string { return t.names(pid, Read) }

// List returns the processes whose path can be read: those of this user.
func List() ([]Process, error) {
	t, err := Snapshot()
	if err != nil {
		return nil, err
	}
	var list []Process
	for pid := range t {
		if p, ok := Read(pid); ok && p.Path != "" {
			list = append(list, p)
		}
	}
	return list, nil
}

// Read reads a single process. It returns false if there is none or if it
// belongs to another user.
//
// Source: QueryFullProcessImageNameW, GetProcessTimes and
// GetPackageFamilyName in Microsoft's Windows API reference.
func Read(pid uint32) (Process, bool) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return Process{}, false
	}
	defer windows.CloseHandle(h)
	p := Process{PID: int(pid)}
	var buf [1024]uint16 // no program of interest has a longer path
	size := uint32(len(buf))
	if windows.QueryFullProcessImageName(h, 0, &buf[0], &size) == nil {
		p.Path = filepath.Clean(windows.UTF16ToString(buf[:size]))
	}
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(h, &created, &exited, &kernel, &user) == nil {
		p.Started = time.Unix(0, created.Nanoseconds())
	}
	p.PackageFamily = packageFamily(h)
	return p, true
}

// packageFamily returns the family name of a process's package; empty if the
// process has none, or on Windows 7, which has no packages.
func packageFamily(process windows.Handle) string {
	if procGetPackageFamilyName.Find() != nil {
		return ""
	}
	var buf [256]uint16 // PACKAGE_FAMILY_NAME_MAX_LENGTH is 64
	length := uint32(len(buf))
	r, _, _ := procGetPackageFamilyName.Call(uintptr(process), uintptr(unsafe.Pointer(&length)), uintptr(unsafe.Pointer(&buf[0])))
	if r != 0 { // ERROR_SUCCESS is zero
		return ""
	}
	return windows.UTF16ToString(buf[:min(length, uint32(len(buf)))])
}
