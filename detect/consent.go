package detect

import (
	"strings"
	"time"
)

// Windows keeps, for its privacy settings, who last used the microphone and
// the camera: one entry for each program with the instants at which its use
// began and ended; an end of zero means now. What follows from the entries is
// kept apart from the registry, so that it is tested anywhere.
//
// The entries lie: they can stay "in use" after a crash, for ever. So a use
// counts only while the program runs, and only if it ran when the use began.

// consent is one entry.
type consent struct {
	key         string // package family name, or path with # for \
	packaged    bool
	start, stop uint64 // FILETIME: 100 ns since 1601
}

// image is a running program.
type image struct {
	pid     int
	path    string
	family  string // package family name; empty: none
	started time.Time
}

// consentMost is the longest use believed: an entry that is older has frozen.
const consentMost = 24 * time.Hour

// consentSlack is how much earlier than the program's start, as Windows keeps
// it, a use may seem to have begun.
const consentSlack = 2 * time.Second

// whole fills an entry in; one that lacks a value was never in use.
func whole(c consent, start, stop *uint64) consent {
	if start != nil && stop != nil {
		c.start, c.stop = *start, *stop
	}
	return c
}

// inUse reports whether the entry claims that the device is in use.
func (c consent) inUse() bool { return c.start != 0 && c.stop == 0 }

// path is the program's, of an entry that is no package's.
func (c consent) path() string { return strings.ReplaceAll(c.key, "#", `\`) }

// names identify the program, as in stream.names.
func (c consent) names() []string {
	if !c.packaged {
		p := c.path()
		return []string{p[strings.LastIndexByte(p, '\\')+1:]}
	}
	short, _, _ := strings.Cut(c.key, "_")
	if i := strings.LastIndexByte(short, '.'); i >= 0 { // Publisher.Program
		return []string{c.key, short, short[i+1:]}
	}
	return []string{c.key, short}
}

// believed is an entry's claim that held up, with the process it is about.
type believed struct {
	consent
	pid int
}

// believe picks the entries that are in use in truth.
func believe(entries []consent, images []image, now time.Time) []believed {
	var out []believed
	for _, c := range entries {
		if !c.inUse() {
			continue
		}
		start := fileTime(c.start)
		if start.After(now.Add(time.Minute)) || now.Sub(start) > consentMost {
			continue
		}
		if pid, ok := owner(c, start, images); ok {
			out = append(out, believed{c, pid})
		}
	}
	return out
}

// owner finds the oldest process of the entry's program that ran when the use
// began.
func owner(c consent, start time.Time, images []image) (pid int, ok bool) {
	var oldest time.Time
	for _, i := range images {
		same := !c.packaged && strings.EqualFold(i.path, c.path()) || c.packaged && i.family != "" && strings.EqualFold(i.family, c.key)
		if !same || i.started.After(start.Add(consentSlack)) {
			continue
		}
		if !ok || i.started.Before(oldest) {
			pid, oldest, ok = i.pid, i.started, true
		}
	}
	return pid, ok
}

// fileTime is the instant of a FILETIME.
//
// Source: https://learn.microsoft.com/windows/win32/api/minwinbase/ns-minwinbase-filetime
func fileTime(t uint64) time.Time {
	const toUnix = 116444736000000000 // 1601 to 1970
	since := int64(t) - toUnix
	return time.Unix(since/1e7, since%1e7*100)
}
