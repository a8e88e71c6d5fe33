package detect

import (
	"encoding/binary"
	"errors"
	"time"
)

// What Windows tells a window about its session, the power and the end. The
// judgement is kept apart from the window, so that it is tested anywhere.
//
// Source: https://learn.microsoft.com/windows/win32/termserv/wm-wtssession-change,
// https://learn.microsoft.com/windows/win32/power/wm-powerbroadcast and
// https://learn.microsoft.com/windows/win32/shutdown/wm-endsession
const (
	wmEndSession     = 0x0016
	wmPowerBroadcast = 0x0218
	wmSessionChange  = 0x02B1

	consoleConnect    = 1
	consoleDisconnect = 2
	remoteConnect     = 3
	remoteDisconnect  = 4
	sessionLock       = 7
	sessionUnlock     = 8

	powerSuspend         = 0x04
	powerResumeSuspend   = 0x07
	powerResumeAutomatic = 0x12
)

// seatState is what follows from the messages of one session.
type seatState struct {
	locked, asleep, elsewhere bool
}

// message takes one message in. hold is how long its sender may be kept
// waiting, so that colleagues are told first: Windows gives two seconds before
// a suspend, and five before it ends a program at sign-out.
func (s *seatState) message(msg uint32, w uintptr) (changed bool, hold time.Duration) {
	was := *s
	switch {
	case msg == wmSessionChange && w == sessionLock:
		s.locked = true
	case msg == wmSessionChange && w == sessionUnlock:
		s.locked = false
	case msg == wmSessionChange && (w == consoleDisconnect || w == remoteDisconnect):
		s.elsewhere = true
	case msg == wmSessionChange && (w == consoleConnect || w == remoteConnect):
		s.elsewhere = false
	case msg == wmPowerBroadcast && w == powerSuspend:
		s.asleep, hold = true, 1800*time.Millisecond
	case msg == wmPowerBroadcast && (w == powerResumeSuspend || w == powerResumeAutomatic):
		s.asleep = false
	case msg == wmEndSession && w != 0:
		// The end of a session is sleep to us: nobody works here any more.
		s.asleep, hold = true, 4*time.Second
	case msg == wmEndSession:
		s.asleep = false // somebody vetoed it
	}
	if was.asleep {
		hold = 0 // it was waited for already
	}
	return was != *s, hold
}

// Values of WTSINFOEX.
//
// Source: https://learn.microsoft.com/windows/win32/api/wtsapi32/ns-wtsapi32-wtsinfoex_level1_w
const (
	wtsDisconnected = 4
	wtsFlagLocked   = 0
)

// decodeSessionInfo reads a WTSINFOEX: its level, padding up to eight bytes,
// then the session's number, state and flags.
func decodeSessionInfo(b []byte) (seatState, error) {
	if len(b) < 20 || binary.LittleEndian.Uint32(b) != 1 {
		return seatState{}, errors.New("what Windows tells about this session cannot be read")
	}
	return seatState{
		elsewhere: binary.LittleEndian.Uint32(b[12:]) == wtsDisconnected,
		locked:    binary.LittleEndian.Uint32(b[16:]) == wtsFlagLocked,
	}, nil
}

// wakeWitness finds out about a sleep that nobody told of the end of: two
// clocks, one of which stands still during sleep, drift apart.
type wakeWitness struct {
	drift time.Duration
	known bool
}

// slept reports whether the machine has slept since the last question. The
// clocks tick in steps of up to 16 ms, which is no sleep.
func (w *wakeWitness) slept(running, awake time.Duration) bool {
	drift := running - awake
	grown := w.known && drift-w.drift > 2*time.Second
	w.drift, w.known = drift, true
	return grown
}
