package presence

import "time"

// Policy is how Automatic decides from an activity; each rule has a switch of
// its own.
type Policy struct {
	// AwayAfter is the idle time after which a person is away; zero: never.
	AwayAfter time.Duration
	// AwayWhenLocked turns a locked screen into Away.
	AwayWhenLocked bool
	// BusyInCall turns a call into Busy.
	BusyInCall bool
	// PresentWhenSharing turns a screen share in a call into Do not disturb,
	// Presenting.
	PresentWhenSharing bool
	// AwakeIsPresent takes a program that keeps the screen awake (a video, a
	// presentation) as a sign that a person is present.
	AwakeIsPresent bool
	// Hours are the working hours; outside them Teams is left alone.
	Hours Hours
	// CallMessage is the status message during a call; "{app}" is replaced by
	// the program's name. Empty: the status message is left alone.
	CallMessage string
}
