package detect

import "strings"

// peer is a program's process that talks to the other side of a call.
type peer struct {
	names     []string
	connected bool
}

// holder is a process that has a device open.
type holder struct {
	names []string
	pid   int
}

// inhibitor is a program's request that the computer or the screen stay awake.
type inhibitor struct {
	names  []string
	reason string
}

// webrtc reports the request that Chromium and its kin make while they have a
// call's connection.
//
// Source: content/browser/webrtc/webrtc_internals.cc: "WebRTC has active PeerConnections"
func (i inhibitor) webrtc() bool { return strings.Contains(i.reason, "WebRTC") }

// stream is one stream of a sound system.
type stream struct {
	index uint32
	// names identify the program: executable names of the process and its
	// parents, Flatpak id, application id; the most reliable first.
	names []string
	// label is the program's own name for itself, for people only.
	label  string
	pid    int
	source string // the microphone's name
	corked bool   // paused by its program
	// monitor: it records what is played, not a microphone.
	monitor bool
	// meter: a level meter of a mixer.
	meter bool
	// plumbing: a stream of the sound system itself.
	plumbing bool
	own      bool // ours
}
