package detect

import (
	"encoding/binary"
	"path"
	"strings"
	"time"

	"heliograph/detect/call"
)

// What follows from macOS's answers is kept apart from the asking, so that it
// is tested anywhere.

// fourCC is a selector as Core Audio writes it: four letters.
func fourCC(s string) uint32 {
	if len(s) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32([]byte(s))
}

// macBundles are the ids of programs whose names are not in the app table.
var macBundles = map[string]string{"Google Chrome": "com.google.Chrome", "Microsoft Edge": "com.microsoft.edgemac",
	"Brave Browser": "com.brave.Browser", "Microsoft Teams": "com.microsoft.teams2"}

// macNames identify a program by its bundle id and the path of its executable:
// the id, the id of the program that a helper belongs to, the outermost
// bundle's name, the executable's.
func macNames(bundle, file string) []string {
	var names []string
	add := func(n string) {
		if n != "" {
			names = append(names, n)
		}
	}
	add(bundle)
	if i := strings.Index(strings.ToLower(bundle), ".helper"); i > 0 {
		add(bundle[:i])
	}
	if i := strings.Index(file, ".app/"); i >= 0 {
		add(path.Base(file[:i]))
		add(macBundles[path.Base(file[:i])])
	}
	if file != "" {
		add(path.Base(file))
	}
	return names
}

// Messages about the power of the whole machine.
//
// Source: IOKit/IOMessage.h; IOKit/pwr_mgt/IOPMLib.h says which must be
// answered
const (
	macCanSleep  = 0xE0000270
	macWillSleep = 0xE0000280
	macPoweredOn = 0xE0000300
)

// macSleepGrace is how long sleep is held up so that colleagues can be told;
// macOS would wait for thirty seconds.
const macSleepGrace = 4 * time.Second

// macPower takes one message in. answer says that macOS waits for one, hold
// how long it may be kept waiting.
func (s *seatState) macPower(msg uint32) (changed, answer bool, hold time.Duration) {
	was := s.asleep
	switch msg {
	case macCanSleep:
		return false, true, 0 // nothing here stands in the way
	case macWillSleep:
		s.asleep, answer = true, true
		if !was {
			hold = macSleepGrace
		}
	case macPoweredOn:
		s.asleep = false
	}
	return was != s.asleep, answer, hold
}

// assertion is a process's wish about the power.
type assertion struct {
	pid        int
	kind, name string
}

// keepsScreen reports the wishes that keep the display on.
//
// Source: IOKit/pwr_mgt/IOPMLib.h
func (a assertion) keepsScreen() bool {
	return a.kind == "PreventUserIdleDisplaySleep" || a.kind == "NoDisplaySleepAssertion"
}

// wishes are the assertions as the rules know them; file tells the path of a
// process's executable. awake says that the display is kept on.
func wishes(all []assertion, file func(pid int) string) (out []call.Inhibitor, awake bool) {
	for _, a := range all {
		awake = awake || a.keepsScreen()
		out = append(out, call.Inhibitor{Names: macNames("", file(a.pid)), Reason: a.name})
	}
	return out, awake
}

// audioProcess is one of Core Audio's process objects.
type audioProcess struct {
	id      uint32
	pid     int
	bundle  string
	file    string // of the executable
	in, out bool   // records, plays
}

// audioStreams are what the processes record and play.
func audioStreams(all []audioProcess, self int) (captures, playbacks []call.Sound) {
	for _, p := range all {
		s := call.Sound{Index: p.id, PID: p.pid, Names: macNames(p.bundle, p.file), Own: p.pid == self}
		s.Plumbing = len(s.Names) == 0
		if p.in {
			captures = append(captures, s)
		}
		if p.out {
			playbacks = append(playbacks, s)
		}
	}
	return captures, playbacks
}

// objectIDs reads a list of Core Audio's objects; a torn one at the end is let
// be.
func objectIDs(b []byte) []uint32 {
	var ids []uint32
	for ; len(b) >= 4; b = b[4:] {
		ids = append(ids, binary.LittleEndian.Uint32(b))
	}
	return ids
}
