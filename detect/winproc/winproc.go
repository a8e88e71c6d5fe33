// Package winproc lists the processes of Windows and names the program that a
// process belongs to: its package, its executable, and the executables of the
// processes that started it.
//
// It reads only names, paths and times, and nothing of other users' processes.
package winproc

import (
	"strings"
	"time"
)

// Process is a running process.
type Process struct {
	PID  int
	Path string // of the executable
	// PackageFamily is the family name of the process's package, such as
	// "MSTeams_8wekyb3d8bbwe"; empty if it has none.
	PackageFamily string
	Started       time.Time // zero if unknown
}

// Table is a snapshot of all processes by their ids.
type Table map[uint32]Entry

// Entry is a process of a Table.
type Entry struct {
	Parent uint32 // the id of the process that started it, which may have ended
	Name   string // of the executable, without its folder
}

// depth is how many processes are named: Electron programs record in a helper
// of a helper.
const depth = 4

// launchers start programs of all kinds, so they name none.
var launchers = map[string]bool{"explorer.exe": true, "svchost.exe": true, "services.exe": true, "wininit.exe": true, "winlogon.exe": true,
	"userinit.exe": true, "sihost.exe": true, "runtimebroker.exe": true, "taskhostw.exe": true, "cmd.exe": true, "powershell.exe": true,
	"pwsh.exe": true, "windowsterminal.exe": true, "conhost.exe": true, "openconsole.exe": true, "system": true}

// names returns the names of a process, the most specific first; read reads a
// single process, and returns false if it may not.
func (t Table) names(pid uint32, read func(pid uint32) (Process, bool)) []string {
	var names []string
	child, known := read(pid)
	if known && child.PackageFamily != "" {
		short, _, _ := strings.Cut(child.PackageFamily, "_")
		names = append(names, child.PackageFamily, short)
	}
	started := child.Started
	for range depth {
		e, ok := t[pid]
		if !ok || pid == 0 || launchers[strings.ToLower(e.Name)] {
			break
		}
		names = append(names, e.Name)
		// The id of a parent that has ended may belong to a younger process.
		parent, known := read(e.Parent)
		if known && !started.IsZero() && parent.Started.After(started) {
			break
		}
		pid, started = e.Parent, parent.Started
	}
	return names
}
