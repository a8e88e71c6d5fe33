// Package wasapi reports which processes record and which play sound, from the
// audio sessions of Windows (WASAPI). It never opens an audio stream.
//
// Windows notifies of changes, with two gaps that are documented or were
// reported: the list of sessions may lack one that was just announced
// ("IAudioSessionNotification interface"; EarTrumpet#1305), and a device that is
// being plugged in or out fails for a moment. So a session that is announced is
// kept as it was handed over, the list is read again a little later, and a
// device that fails is left out and tried again; see schedule.
package wasapi

import (
	"cmp"
	"slices"
	"strings"
)

// Session is an audio session with an open stream that is not paused. Sound
// need not flow.
type Session struct {
	ID uint32 // stays the same for as long as the session exists
	// PID is the session's process, the first of several; 0 for the sounds of
	// Windows itself.
	PID int
	// Names identify the program, as winproc.Table.Names returns them.
	Names  []string
	Label  string // the name that the program gives to the session; mostly empty
	Device string // the device's name for people, or its id if it has none
}

// Sessions are the active sessions of all sound devices.
type Sessions struct {
	Recording []Session
	Playing   []Session
}

// sort brings the sessions into an order that does not depend on that of the
// devices.
func (s Sessions) sort() {
	for _, list := range [][]Session{s.Recording, s.Playing} {
		slices.SortFunc(list, func(a, b Session) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.PID, b.PID)) })
	}
}

// equal reports whether two readings say the same.
func (s Sessions) equal(o Sessions) bool {
	same := func(a, b Session) bool {
		return a.ID == b.ID && a.PID == b.PID && a.Label == b.Label && a.Device == b.Device && slices.Equal(a.Names, b.Names)
	}
	return slices.EqualFunc(s.Recording, o.Recording, same) && slices.EqualFunc(s.Playing, o.Playing, same)
}

// deviceOf returns the id of the device in the instance identifier of a
// session, which begins with it; empty: another form.
//
// Source: the form "{0.0.1.00000000}.{GUID}|program%b{GUID}|…" is undocumented.
// Only the name for people depends on it.
func deviceOf(instance string) string {
	id, _, ok := strings.Cut(instance, "|")
	if !ok {
		return ""
	}
	return id
}
