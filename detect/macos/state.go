// Package macos reads from macOS what concerns the whole login session: the
// last input, the lock, another user at the screen, sleep, and the programs that
// keep the computer awake. It asks for no permission of the user.
//
// No code of this package has been run on a Mac yet: it is built and vetted on
// other systems.
package macos

import "time"

// State is the state of the login session. Two equal values say the same.
type State struct {
	// Locked reports that the screen is locked.
	Locked bool
	// Background reports that another user has the screen, or that the session
	// has no screen at all.
	Background bool
	// Asleep reports that the computer is about to sleep.
	Asleep bool
	// Woke is when the computer last woke up from sleep, as wall time; zero: not
	// since the watcher was opened.
	Woke time.Time
}

// Messages about the power of the computer.
//
// Source: IOKit/IOMessage.h; IOKit/pwr_mgt/IOPMLib.h says which must be
// answered.
const (
	canSystemSleep    = 0xE0000270 // kIOMessageCanSystemSleep
	systemWillSleep   = 0xE0000280 // kIOMessageSystemWillSleep
	systemHasPowered  = 0xE0000300 // kIOMessageSystemHasPoweredOn
	systemWillPowerOn = 0xE0000320 // kIOMessageSystemWillPowerOn
)

// sleepDelay is how long sleep is delayed at most. macOS waits for 30 seconds
// ("IORegisterForSystemPower").
const sleepDelay = 4 * time.Second

// apply applies a power message to the state. answer says that macOS waits for
// an answer, limit how long that may be delayed; zero: not at all.
func (s *State) apply(message uint32, now time.Time) (answer bool, limit time.Duration) {
	switch message {
	case canSystemSleep:
		return true, 0
	case systemWillSleep:
		if !s.Asleep { // else macOS has waited already
			limit = sleepDelay
		}
		s.Asleep = true
		return true, limit
	case systemHasPowered:
		if s.Asleep {
			s.Asleep, s.Woke = false, now.Round(0)
		}
	}
	return false, 0
}

// readings says when to read the session's dictionary again.
//
// The dictionary follows a notification of the lock by up to a second or more,
// and only the dictionary has the state. Notifications of other programs, which
// those of the lock are, arrive while the main thread runs its run loop, that is,
// while there is a tray. So the dictionary is read again some moments after each
// notification, and after a pause without one.
type readings struct{ due []time.Time }

// followUps are the moments of the readings after a notification.
var followUps = []time.Duration{250 * time.Millisecond, time.Second, 3 * time.Second}

// Pauses until the next reading without a notification, with and without a main
// run loop. Colleagues may see a lock that late.
const (
	pauseNotified   = 30 * time.Second
	pauseUnnotified = 5 * time.Second
)

// notified is called when a notification has come.
func (r *readings) notified(now time.Time) {
	r.due = nil
	for _, d := range followUps {
		r.due = append(r.due, now.Add(d))
	}
}

// next is called after a reading, and returns when to read again.
func (r *readings) next(now time.Time, mainLoop bool) time.Duration {
	for len(r.due) > 0 && !r.due[0].After(now) {
		r.due = r.due[1:]
	}
	pause := pauseUnnotified
	if mainLoop {
		pause = pauseNotified
	}
	if len(r.due) > 0 {
		pause = min(pause, r.due[0].Sub(now))
	}
	return pause
}

// Assertion is a request of a process not to let the computer or the display
// sleep.
type Assertion struct {
	PID  int
	Kind string // such as "PreventUserIdleSystemSleep"
	Name string // the reason that the program gives; it may name what is played
}

// KeepsDisplayOn reports whether the display stays on, as during a video.
//
// Source: kIOPMAssertionType... of IOKit/pwr_mgt/IOPMLib.h; the second is the
// older name of the first.
func (a Assertion) KeepsDisplayOn() bool {
	return a.Kind == "PreventUserIdleDisplaySleep" || a.Kind == "NoDisplaySleepAssertion"
}

// restTimer says when to read the last input again, and whether a rest began or
// ended. rest is how long there must be no input for a rest to begin.
type restTimer struct {
	rest  time.Duration
	state Input
	set   bool
}

// Input is what is known of a person's input.
type Input struct {
	// Active reports that there was input within the time given to WatchInput.
	Active bool
	// Last is the instant of the last input when Active became false, and of
	// the first input when it became true. It does not follow each input.
	Last time.Time
}

// pollInterval is how often the last input is read during a rest. macOS
// notifies of input only programs that may read every key.
const pollInterval = time.Second

// read takes the last input, and returns whether the state has changed and when
// to read the next one.
func (r *restTimer) read(last, now time.Time) (changed bool, next time.Duration) {
	left := last.Add(r.rest).Sub(now) // until a rest begins
	if active := left > 0; !r.set || active != r.state.Active {
		r.state, r.set, changed = Input{active, last}, true, true
	}
	if left > 0 {
		return changed, left
	}
	return changed, pollInterval
}
