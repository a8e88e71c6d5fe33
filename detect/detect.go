// Package detect tells what the person at this desk is doing, as one
// comparable value that arrives whenever it changes: input, lock, sleep and
// calls. It reads who records, never what: no audio, no window title, no text
// leaves the operating system through it.
//
// It knows nothing of Microsoft Teams and judges nothing about presence.
package detect

import (
	"log/slog"
	"time"
)

// Activity is what is known about the desk. It holds instants, never ages, so
// two values compare equal until something has really changed.
type Activity struct {
	// InUse reports that input is arriving: the desk has not rested for
	// Options.Settle. LastInput is then the instant at which use began.
	InUse bool
	// LastInput is the instant of the last key, pointer or touch event, as
	// wall time in whole milliseconds. It is told when the desk comes to rest
	// and when it is used again, not with every key. Zero: unknown.
	LastInput time.Time
	// Inhibited reports that a program keeps the screen awake, as a video or
	// a presentation does.
	Inhibited bool
	// Locked reports a locked screen.
	Locked bool
	// Asleep reports that the machine is going to sleep or sleeps.
	Asleep bool
	// Woke is the instant at which the machine last came back from sleep while
	// it was watched; zero: it did not, or that cannot be seen here. Timers
	// stand still during sleep: what was due meanwhile is overdue now.
	Woke time.Time
	// Elsewhere reports that this session is not the one at the seat: the
	// user was switched, or a remote connection ended.
	Elsewhere bool
	// Call is the call in progress; the zero Call is none.
	Call Call
	// Unlisted names a program that records now and is in no table, so that a
	// person can be offered to treat it as a call. Empty: none.
	Unlisted string
}

// Call is a call seen on this machine.
type Call struct {
	// App is the program's id in the app table ("zoom"); Name is its name for
	// people ("Zoom").
	App, Name string
	// Since is the instant the call's capture began.
	Since time.Time
	// Apps counts the programs that are in a call now.
	Apps int
	// Sharing reports a screen share; see SeesSharing.
	Sharing bool
	// Teams reports the built-in Teams client, which tells Teams by itself.
	Teams bool
}

// SeesSharing reports whether any backend tells of a screen share: none does
// yet, on any system, so Call.Sharing is never set.
const SeesSharing = false

// Active reports whether there is a call.
func (c Call) Active() bool { return c.App != "" }

// Class says how much proof a program's recording needs to be a call.
type Class string

// The classes of the app table.
const (
	CallFirst Class = "call"      // recording alone is a call: Zoom, Webex
	Messenger Class = "messenger" // recording and playing, for a while: Slack, Discord
	Browser   Class = "browser"   // recording and playing, a WebRTC inhibitor, or the camera
	Never     Class = "never"     // never a call: mixers, recorders, what the user denied
)

// App is one row of the app table.
type App struct {
	ID    string
	Name  string
	Class Class
	// Match lists executable names, Flatpak ids or bundle ids; compared
	// without regard to case.
	Match []string
	// Teams marks the built-in Teams client, which tells Teams by itself.
	Teams bool
	// Duplex marks a program that plays whenever it records, or records
	// whenever it is open, so that only its connection to the other side is a
	// sign, where that can be seen.
	Duplex bool
}

// Options sets a Watcher up. The zero value of each field means its default.
type Options struct {
	Log *slog.Logger
	// Settle is how long the desk must rest before LastInput is told
	// (default 30 s). Keep it under the shortest threshold that a policy
	// compares LastInput with.
	Settle time.Duration
	// Debounce is how long a recording must last to be a call (default 2 s;
	// negative: none). Grace is how long a call outlives its recording
	// (default 15 s; negative: none).
	Debounce, Grace time.Duration
	// Apps is put before the built-in table: the first match wins.
	Apps []App
}

// Stream is one recording of now, with its verdict, for people to inspect.
type Stream struct {
	App      string    `json:"app"`      // table id, or the executable's name
	Name     string    `json:"name"`     // name for people
	PID      int       `json:"pid"`      // 0: unknown
	Source   string    `json:"source"`   // microphone's name
	Running  bool      `json:"running"`  // not paused
	Playing  bool      `json:"playing"`  // the same program plays sound
	Since    time.Time `json:"since"`    // when it was first seen
	Verdict  string    `json:"verdict"`  // "call", "not yet", "ending", "not a call"
	Because  string    `json:"because"`  // one clause for people
	Unlisted bool      `json:"unlisted"` // in no table
}

// Part is one working part of the detector, for doctor.
type Part struct {
	Name    string `json:"name"`            // "idle", "sleep", "lock", "microphone", "camera", …
	Backend string `json:"backend"`         // "x11-sync", "logind", …; empty: none
	Value   string `json:"value"`           // its live value, for people
	Problem string `json:"problem"`         // empty: works
	Fix     string `json:"fix"`             // what the user can do
	Polls   bool   `json:"polls,omitempty"` // the OS offers no event
}
