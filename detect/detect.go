// Package detect watches what happens at the desk: input, lock, sleep and calls.
// It delivers that as one comparable value whenever it changes.
//
// It reads who records, never what: no sound, no window title and no text
// leaves the operating system through it. It knows nothing of Microsoft Teams
// and decides nothing about presence.
package detect

import (
	"log/slog"
	"time"

	"heliograph/detect/call"
)

// Activity is what is known about the person's use of the computer. It holds
// instants, never ages, so that two values are equal until something has really
// changed.
type Activity struct {
	// InUse reports that input arrives: the last one is not longer ago than
	// Options.Settle. LastInput is then the instant at which use began.
	InUse bool
	// LastInput is the instant of the last key, pointer or touch event, as wall
	// time in whole milliseconds. It changes when the user comes to rest and
	// when use begins again, not with every key. Zero: unknown.
	LastInput time.Time
	// Inhibited reports that a program keeps the screen awake, as a video or a
	// presentation does; see Watcher.SeesAwake.
	Inhibited bool
	// Locked reports a locked screen.
	Locked bool
	// Asleep reports that the computer is going to sleep or sleeps.
	Asleep bool
	// Woke is the instant at which the computer last came back from sleep while
	// it was watched; zero: it did not, or that cannot be seen here. Timers do
	// not run during sleep: what was due meanwhile is overdue now.
	Woke time.Time
	// Elsewhere reports that this session does not have the screen: another
	// user was switched to, or a remote connection ended.
	Elsewhere bool
	// Call is the call in progress; the zero Call is none.
	Call Call
	// Unlisted names a program that records and is in no table, so that the
	// user can be asked whether that is a call. Empty: none.
	Unlisted string
}

// Call is a call seen on this computer.
type Call = call.Call

// Stream is a recording that goes on now, with its verdict.
type Stream = call.Stream

// SeesSharing reports whether a source notices that the screen is shared. None
// does yet, on any system, so Call.Sharing is never set.
const SeesSharing = false

// Options configure a Watcher. The zero value of each field means its default.
type Options struct {
	Log *slog.Logger
	// Settle is how long no input must have arrived for the user to rest
	// (default 30 s). Keep it below the shortest time that a policy compares
	// LastInput with.
	Settle time.Duration
	// Debounce is how long a recording must last to be a call (default 2 s;
	// negative: none). Grace is how long a call outlives its recording
	// (default 15 s; negative: none).
	Debounce, Grace time.Duration
	// Programs is what the user says about programs.
	Programs call.Programs
}

// Part is one working part of the detector, for doctor.
type Part struct {
	// Name is a stable id of the part: "idle", "sleep", "clock", "lock",
	// "lockers", "inhibitors", "awake", "camera", "microphone", "sound-cards".
	// Each system has some of them.
	Name string `json:"name"`
	// Backend is a stable id of the service in use ("x11-sync", "logind");
	// empty: none.
	Backend string `json:"backend"`
	Value   string `json:"value"`           // what it says now, in English
	Problem string `json:"problem"`         // empty: it works
	Fix     string `json:"fix"`             // what the user can do
	Polls   bool   `json:"polls,omitempty"` // the system offers no event
}
