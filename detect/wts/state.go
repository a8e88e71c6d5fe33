// Package wts reports the state of the Windows session that this process
// belongs to: locked, disconnected from its screen, about to be suspended or
// about to end. Its sources are Remote Desktop Services (called Windows
// Terminal Services, WTS, in the API) and the power messages.
package wts

import (
	"encoding/binary"
	"errors"
	"time"

	"heliograph/detect/winmsg"
)

// State is the state of the session. Two equal values say the same.
type State struct {
	// Locked reports that the lock screen is shown.
	Locked bool
	// Disconnected reports that the session has no screen: another user was
	// switched to, or the remote connection has ended.
	Disconnected bool
	// Suspended reports that the computer is about to be suspended.
	Suspended bool
	// Dark reports that the screen is off on a computer with modern standby:
	// unless something keeps it awake it then sleeps, and the message of a
	// suspend comes late or never. Elsewhere a screen that is off says little.
	Dark bool
	// Ending reports that the user is being signed out.
	Ending bool
	// Resumed is when the computer last resumed from a suspend, as wall time;
	// zero: not since the watcher was opened.
	Resumed time.Time
}

// Values of messages.
//
// Source: "WM_WTSSESSION_CHANGE message",
// https://learn.microsoft.com/windows/win32/termserv/wm-wtssession-change, and
// "WM_POWERBROADCAST message",
// https://learn.microsoft.com/windows/win32/power/wm-powerbroadcast
const (
	consoleConnect    = 1 // WTS_CONSOLE_CONNECT
	consoleDisconnect = 2
	remoteConnect     = 3
	remoteDisconnect  = 4
	sessionLock       = 7
	sessionUnlock     = 8

	suspend         = 0x04 // PBT_APMSUSPEND
	resumeSuspend   = 0x07
	resumeAutomatic = 0x12
	powerSetting    = 0x8013 // PBT_POWERSETTINGCHANGE
)

// How long Windows may be kept waiting. It waits two seconds before a suspend
// ("System Sleep Criteria") and five before it ends a program at sign-out
// ("WM_ENDSESSION message", HungAppTimeout).
const (
	suspendDelay = 1800 * time.Millisecond
	endDelay     = 4 * time.Second
)

// apply applies a message to the state. limit is how long the answer to the
// message may be delayed; zero: not at all.
func (s *State) apply(m winmsg.Message, now time.Time) (limit time.Duration) {
	delayed := s.Suspended || s.Ending // Windows has waited already
	switch m.ID {
	case winmsg.SessionChange:
		s.sessionChange(m.WParam)
	case winmsg.PowerBroadcast:
		switch m.WParam {
		case suspend:
			s.Suspended, limit = true, suspendDelay
		case resumeSuspend, resumeAutomatic:
			s.resume(now)
		}
	case winmsg.EndSession:
		if s.Ending = m.WParam != 0; s.Ending { // else another program has stopped the sign-out
			limit = endDelay
		}
	}
	if delayed {
		return 0
	}
	return limit
}

func (s *State) sessionChange(event uintptr) {
	switch event {
	case sessionLock:
		s.Locked = true
	case sessionUnlock:
		s.Locked = false
	case consoleDisconnect, remoteDisconnect:
		s.Disconnected = true
	case consoleConnect, remoteConnect:
		s.Disconnected = false
	}
}

// resume notes the end of a suspend; a computer that resumes for a person sends
// two messages, the second of which is not another suspend.
func (s *State) resume(now time.Time) {
	if s.Suspended {
		s.Suspended, s.Resumed = false, now.Round(0)
	}
}

// decodeInfo decodes a WTSINFOEX: the level, padding to eight bytes, then of
// WTSINFOEX_LEVEL1 the session's id, state and flags.
//
// Source: "WTSINFOEX_LEVEL1_W structure",
// https://learn.microsoft.com/windows/win32/api/wtsapi32/ns-wtsapi32-wtsinfoex_level1_w
func decodeInfo(b []byte) (State, error) {
	const (
		level        = 1  // the only one that there is
		stateAt      = 12 // SessionState
		flagsAt      = 16 // SessionFlags
		flagsEnd     = 20
		disconnected = 4 // WTSDisconnected
		locked       = 0 // WTS_SESSIONSTATE_LOCK
	)
	if len(b) < flagsEnd || binary.LittleEndian.Uint32(b) != level {
		return State{}, errors.New("session information of an unknown form")
	}
	return State{
		Disconnected: binary.LittleEndian.Uint32(b[stateAt:]) == disconnected,
		Locked:       binary.LittleEndian.Uint32(b[flagsAt:]) == locked,
	}, nil
}

// suspendClock notices a suspend from two clocks, one of which stops during it:
// a resume without a message. Its zero value is ready to use.
type suspendClock struct {
	drift time.Duration
	set   bool
}

// minDrift is the shortest suspend that is noticed. The clocks tick every 16 ms
// and are not read at the same moment.
const minDrift = 2 * time.Second

// suspended reports whether there was a suspend since it was last called.
// sinceBoot is the time since the computer started, awake the part of it
// without suspends.
func (c *suspendClock) suspended(sinceBoot, awake time.Duration) bool {
	drift := sinceBoot - awake
	grown := c.set && drift-c.drift > minDrift
	c.drift, c.set = drift, true
	return grown
}

// powerChange is a POWERBROADCAST_SETTING: which setting of the power has
// changed, and its value if that is a number.
//
// Source: "POWERBROADCAST_SETTING structure",
// https://learn.microsoft.com/windows/win32/api/winuser/ns-winuser-powerbroadcast_setting
type powerChange struct {
	setting [16]byte // a GUID, in memory order
	value   uint32
}

// decodePower decodes the GUID, the length of the data, and the data.
func decodePower(b []byte) (c powerChange, ok bool) {
	const (
		lengthAt = 16 // DataLength
		valueAt  = 20 // Data
		valueEnd = 24
	)
	if len(b) < valueEnd || binary.LittleEndian.Uint32(b[lengthAt:]) != valueEnd-valueAt {
		return powerChange{}, false
	}
	copy(c.setting[:], b)
	c.value = binary.LittleEndian.Uint32(b[valueAt:])
	return c, true
}

// sessionDisplay is GUID_SESSION_DISPLAY_STATUS, 2B84C20E-AD23-4DDF-93DB-05FFBD7EFCA5:
// whether the screen of the session is off (0), on (1) or dimmed (2). That of the
// console would be off while somebody works through Remote Desktop.
//
// Source: "Power Setting GUIDs",
// https://learn.microsoft.com/windows/win32/power/power-setting-guids
var sessionDisplay = [16]byte{0x0E, 0xC2, 0x84, 0x2B, 0x23, 0xAD, 0xDF, 0x4D, 0x93, 0xDB, 0x05, 0xFF, 0xBD, 0x7E, 0xFC, 0xA5}

// screen applies a change of the power to the state of a computer with modern
// standby. Windows waits for nobody here.
func (s *State) screen(c powerChange, now time.Time) {
	if c.setting != sessionDisplay {
		return
	}
	off := c.value == 0
	if s.Dark && !off {
		s.Resumed = now.Round(0)
	}
	s.Dark = off
}
