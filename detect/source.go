package detect

import (
	"context"
	"strings"
	"time"
)

// source is one open backend of the operating system. It decodes and never
// judges.
type source interface {
	// sample writes what it knows into the facts; an error means that the
	// backend is dead, and it is closed and looked for again.
	sample(*facts) error
	close()
}

// candidate is a backend that may be there.
type candidate struct {
	name string
	// open starts the backend, which calls wake whenever sample may answer
	// differently, from any goroutine. Its error says why it cannot serve.
	open func(ctx context.Context, o Options, wake func()) (source, error)
}

// kind is one thing to find out, with its backends in order: the first that
// opens serves.
type kind struct {
	name       string
	candidates []candidate
	fix        string // what the user can do when none opens
	value      func(*facts) string
}

// facts is all that the open backends know at one instant.
type facts struct {
	now time.Time

	idleKnown bool
	inUse     bool
	lastInput time.Time

	locked, asleep, elsewhere bool
	seatKnown, lockKnown      bool

	// woke is when the machine last came back from sleep.
	woke time.Time

	streamsKnown bool
	captures     []stream
	playbacks    []stream

	// peers are processes that speak to the other side of a call.
	peers []peer

	inhibitors []inhibitor
	// awake: the screen is kept awake, by whomever.
	awake bool

	// cameras are the processes that have one open.
	cameras []holder
}

// peer is a program's process that speaks to the other side of a call.
type peer struct {
	names     []string
	connected bool
}

// holder is a process that has a device open.
type holder struct {
	names []string
	pid   int
}

// inhibitor is a program's wish that the screen stay awake.
type inhibitor struct {
	names  []string
	reason string
}

// webrtc reports the wish that Chromium and its kin express while they have a
// call's connection.
//
// Source: content/browser/webrtc/webrtc_internals.cc: "WebRTC has active PeerConnections"
func (i inhibitor) webrtc() bool { return strings.Contains(i.reason, "WebRTC") }

// stream is one sound stream as the sound server tells it.
type stream struct {
	index uint32
	// names identify the program: executable names of the process and its
	// parents, Flatpak id, application id; the most telling first.
	names []string
	// label is the program's own name for itself, for people only.
	label  string
	pid    int
	source string // the microphone's name
	corked bool
	// monitor: it listens to what is played, not to a microphone.
	monitor bool
	// meter: a level meter of a mixer.
	meter bool
	// plumbing: a stream of the sound system itself.
	plumbing bool
	own      bool // ours
}
