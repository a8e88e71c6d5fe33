package detect

import (
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// familyDepth is how far up a program may sit above the process that records:
// Electron programs record in a helper of a helper.
const familyDepth = 4

// shared processes start programs of all kinds.
var shared = map[string]bool{"explorer.exe": true, "svchost.exe": true, "services.exe": true, "wininit.exe": true, "winlogon.exe": true,
	"userinit.exe": true, "sihost.exe": true, "runtimebroker.exe": true, "taskhostw.exe": true, "cmd.exe": true, "powershell.exe": true,
	"pwsh.exe": true, "windowsterminal.exe": true, "conhost.exe": true, "openconsole.exe": true, "system": true}

// process is one of a snapshot.
type process struct {
	parent uint32
	name   string
}

// processes takes a snapshot of what runs.
//
// Source: https://learn.microsoft.com/windows/win32/toolhelp/taking-a-snapshot-and-viewing-processes
func processes() (map[uint32]process, error) {
	h, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(h)
	all := map[uint32]process{}
	e := windows.ProcessEntry32{}
	e.Size = uint32(unsafe.Sizeof(e))
	for err = windows.Process32First(h, &e); err == nil; err = windows.Process32Next(h, &e) {
		all[e.ProcessID] = process{e.ParentProcessID, windows.UTF16ToString(e.ExeFile[:])}
	}
	return all, nil
}

// family lists names of a process and its parents: its package first, then
// executables.
func family(pid uint32, all map[uint32]process) []string {
	var names []string
	own, ok := look(pid)
	if ok && own.family != "" {
		short, _, _ := strings.Cut(own.family, "_")
		names = append(names, own.family, short)
	}
	born := own.started
	for range familyDepth {
		p, there := all[pid]
		if !there || pid == 0 || shared[strings.ToLower(p.name)] {
			break
		}
		names = append(names, p.name)
		// A parent's number may have passed on to a younger process.
		parent, ok := look(p.parent)
		if ok && !born.IsZero() && parent.started.After(born) {
			break
		}
		pid, born = p.parent, parent.started
	}
	return names
}

// images lists the running programs of this user with their whole paths.
func images() ([]image, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var out []image
	for pid := range all {
		if i, ok := look(pid); ok && i.path != "" {
			out = append(out, i)
		}
	}
	return out, nil
}

var procGetPackageFamilyName = kernel32.NewProc("GetPackageFamilyName")

// look finds out about one process; those of other users cannot be opened.
func look(pid uint32) (image, bool) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return image{}, false
	}
	defer windows.CloseHandle(h)
	i := image{pid: int(pid)}
	var buf [1024]uint16 // a longer path is not one that is looked for
	size := uint32(len(buf))
	if windows.QueryFullProcessImageName(h, 0, &buf[0], &size) == nil {
		i.path = filepath.Clean(windows.UTF16ToString(buf[:size]))
	}
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(h, &created, &exited, &kernel, &user) == nil {
		i.started = time.Unix(0, created.Nanoseconds())
	}
	// Windows 7 has no packages.
	if procGetPackageFamilyName.Find() == nil {
		length := uint32(len(buf))
		if r, _, _ := procGetPackageFamilyName.Call(uintptr(h), uintptr(unsafe.Pointer(&length)), uintptr(unsafe.Pointer(&buf[0]))); r == 0 {
			i.family = windows.UTF16ToString(buf[:length])
		}
	}
	return i, true
}
