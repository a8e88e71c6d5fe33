// Package call judges from the recordings of programs whether the user is in a
// call. It has the table of programs that may be in one and the rule that
// applies it.
//
// It is pure: it calls no service and reads no clock. Its caller collects the
// evidence and passes the time.
package call

import (
	"strings"
	"time"
)

// Call is a call in progress on this computer.
type Call struct {
	// App is the id of the program, as Stream.Program ("zoom"); Name is its
	// name for people ("Zoom").
	App, Name string
	// Since is the instant at which the call's recording began.
	Since time.Time
	// Apps counts the programs that are in a call now.
	Apps int
	// Sharing reports that the screen is shared.
	Sharing bool
	// Teams reports the Teams client itself, which sets its own presence.
	Teams bool
}

// Active reports whether there is a call.
func (c Call) Active() bool { return c.App != "" }

// Stream is a recording that goes on now, with its verdict, for people to
// inspect.
type Stream struct {
	// Program is the stable id of the program that records: the id of a row of
	// the table that describes one program ("zoom"), else the name of its
	// executable or its app id ("obs"). It is what Programs.Allow and Deny
	// name.
	Program string
	// Name is the program's name for people.
	Name string
	// App and Class are the row of the table that the program was found in;
	// empty: none. A row may cover many programs ("recorders").
	App   string
	Class Class

	PID      int       // 0: unknown
	Source   string    // the microphone's name
	Running  bool      // not paused
	Playing  bool      // the same program plays sound
	Since    time.Time // when it was first seen
	Verdict  string    // "call", "not yet", "ending", "not a call"
	Because  string    // one clause for people, in English
	Unlisted bool      // in no table, and neither allowed nor denied
}

// Evidence is everything that the rule looks at.
type Evidence struct {
	// Known reports that a sound system answers, so that a stream that is not
	// listed does not exist.
	Known bool
	// Captures are the recordings and Playbacks what is played.
	Captures, Playbacks []Sound
	Peers               []Peer
	Inhibitors          []Inhibitor
	// Cameras are the processes that have a camera open.
	Cameras []Process
}

// Sound is one stream of a sound system.
type Sound struct {
	// Index is unique among all streams; a later stream has a higher one, as far
	// as the sound system allows.
	Index uint32
	// Names identify the program: executable names of the process and its
	// parents, Flatpak id, application id; the most reliable first.
	Names []string
	// Label is the program's own name for itself, for people only.
	Label  string
	PID    int    // 0: unknown
	Source string // the microphone's name
	Corked bool   // paused by its program
	// Monitor reports that it records what is played, not a microphone.
	Monitor bool
	// Meter reports that it feeds the level meter of a mixer.
	Meter bool
	// Plumbing reports that it belongs to the sound system itself.
	Plumbing bool
	// Own reports that it belongs to heliograph.
	Own bool
}

// Process is a process with the names of its program, as in Sound.Names.
type Process struct {
	PID   int
	Names []string
}

// Peer is a process through which a program talks to the other side of a call.
type Peer struct {
	Names     []string
	Connected bool
}

// Inhibitor is a program's request that the computer or the screen stay awake.
type Inhibitor struct {
	Names  []string
	Reason string
}

// WebRTC reports whether this is the request that Chromium and its relatives
// make while they are connected to the other side of a call.
//
// Source: content/browser/webrtc/webrtc_internals.cc of Chromium: "WebRTC has
// active PeerConnections"
func (i Inhibitor) WebRTC() bool { return strings.Contains(i.Reason, "WebRTC") }
