// Package consent reports which programs use the microphone or a camera, from
// the list that Windows keeps for its privacy settings, the ConsentStore. It
// holds an entry for each program, with the instants at which the program's
// last use of the device began and ended. Windows has kept it since Windows 10
// version 1903; its place and its values are undocumented.
//
// An entry may stay "in use" after the program has crashed, and some freeze for
// days (ActivityWatch, FreeDV and others report both). So a use counts only
// while the program runs, only if it already ran when the use began, and for
// maxUse at most.
package consent

import (
	"strings"
	"time"

	"heliograph/detect/winproc"
)

// Device is a device with a list of its own, by the name that Windows uses.
type Device string

// The devices that this package watches.
const (
	Microphone Device = "microphone"
	Camera     Device = "webcam"
)

// Use is a program that uses a device now.
type Use struct {
	// Key is the program's key in the registry, which stays the same as long as
	// the program is installed: the family name of its package, or its path
	// with # in place of each backslash.
	Key string
	PID int // the oldest process of the program
	// Names identify the program, the most specific first: of a package its
	// family name and the parts of that, of other programs the executable. The
	// names of the process and its parents follow.
	Names []string
}

// entry is one program's entry.
type entry struct {
	key      string
	packaged bool
	// start and stop are when the last use began and ended, as FILETIME. A stop
	// of zero means that it goes on.
	start, stop uint64
}

const (
	// maxUse is the longest use that counts; an older entry has frozen.
	maxUse = 24 * time.Hour
	// startSlack is how much earlier than the start of its process a use may
	// begin: Windows notes the two at different moments.
	startSlack = 2 * time.Second
	// clockSlack is how far in the future a use may begin, after the clock was
	// set back a little.
	clockSlack = time.Minute
)

// withTimes returns the entry with its two values; without one of them, the
// program has never used the device.
func (e entry) withTimes(start, stop *uint64) entry {
	if start != nil && stop != nil {
		e.start, e.stop = *start, *stop
	}
	return e
}

// inUse reports whether the entry claims that the device is in use.
func (e entry) inUse() bool { return e.start != 0 && e.stop == 0 }

// keyOf returns the key of a program that was not installed as a package. Paths
// are compared by their keys: a # in a key may stand for a # in the path.
func keyOf(path string) string { return strings.ReplaceAll(path, `\`, "#") }

// names returns the names that the entry gives to the program of a process. Where
// the name of an executable begins in the key only its path says.
func (e entry) names(p winproc.Process) []string {
	if !e.packaged {
		full := p.Path
		if len(e.key) == len(full) {
			full = e.key // which has the case of the installation
		}
		return []string{full[strings.LastIndexByte(p.Path, '\\')+1:]}
	}
	short, _, _ := strings.Cut(e.key, "_")
	if i := strings.LastIndexByte(short, '.'); i >= 0 { // Publisher.Program
		return []string{e.key, short, short[i+1:]}
	}
	return []string{e.key, short}
}

// current returns the uses that count at this instant, among these processes.
func current(entries []entry, running []winproc.Process, now time.Time) []Use {
	var uses []Use
	for _, e := range entries {
		if !e.inUse() {
			continue
		}
		start := fileTime(e.start)
		if start.After(now.Add(clockSlack)) || now.Sub(start) > maxUse {
			continue
		}
		if p, ok := e.process(start, running); ok {
			uses = append(uses, Use{Key: e.key, PID: p.PID, Names: e.names(p)})
		}
	}
	return uses
}

// process returns the oldest process of the entry's program that ran at start.
func (e entry) process(start time.Time, running []winproc.Process) (oldest winproc.Process, ok bool) {
	for _, p := range running {
		if !e.isOf(p) || p.Started.After(start.Add(startSlack)) {
			continue
		}
		if !ok || p.Started.Before(oldest.Started) {
			oldest, ok = p, true
		}
	}
	return oldest, ok
}

// isOf reports whether the entry is about the program of a process.
func (e entry) isOf(p winproc.Process) bool {
	if e.packaged {
		return strings.EqualFold(p.PackageFamily, e.key)
	}
	return strings.EqualFold(keyOf(p.Path), e.key)
}

// fileTime returns the instant of a FILETIME: units of 100 ns since 1601.
//
// Source: "FILETIME structure",
// https://learn.microsoft.com/windows/win32/api/minwinbase/ns-minwinbase-filetime
func fileTime(t uint64) time.Time {
	const unixEpoch = 116444736000000000 // 1970 as FILETIME
	since := int64(t) - unixEpoch
	return time.Unix(since/1e7, since%1e7*100)
}
