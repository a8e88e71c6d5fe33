package wts

import (
	"encoding/binary"
	"testing"
	"time"

	"heliograph/detect/winmsg"
)

// step is a message and what must follow from it.
type step struct {
	id     uint32
	wParam uintptr
	want   State
	delay  bool
}

func TestMessages(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	locked, disconnected := State{Locked: true}, State{Disconnected: true}
	suspended, ending, resumed := State{Suspended: true}, State{Ending: true}, State{Resumed: now}
	for name, script := range map[string][]step{
		"lock and unlock": {
			{winmsg.SessionChange, sessionLock, locked, false},
			{winmsg.SessionChange, sessionLock, locked, false},
			{winmsg.SessionChange, sessionUnlock, State{}, false},
		},
		"a remote session is left and continued at the computer": {
			{winmsg.SessionChange, remoteDisconnect, disconnected, false},
			{winmsg.SessionChange, sessionLock, State{Locked: true, Disconnected: true}, false},
			{winmsg.SessionChange, consoleConnect, locked, false},
			{winmsg.SessionChange, sessionUnlock, State{}, false},
		},
		"another user is switched to": {
			{winmsg.SessionChange, consoleDisconnect, disconnected, false},
			{winmsg.SessionChange, remoteConnect, State{}, false},
		},
		"a suspend is delayed once": {
			{winmsg.PowerBroadcast, suspend, suspended, true},
			{winmsg.PowerBroadcast, suspend, suspended, false},
			{winmsg.PowerBroadcast, resumeAutomatic, resumed, false},
			{winmsg.PowerBroadcast, resumeSuspend, resumed, false},
			{winmsg.PowerBroadcast, suspend, State{Suspended: true, Resumed: now}, true},
		},
		"sign-out": {
			{winmsg.EndSession, 1, ending, true},
			{winmsg.EndSession, 1, ending, false},
		},
		"sign-out that another program stops": {
			{winmsg.EndSession, 0, State{}, false},
			{winmsg.EndSession, 1, ending, true},
			{winmsg.EndSession, 0, State{}, false},
		},
		"sign-out during a suspend": {
			{winmsg.PowerBroadcast, suspend, suspended, true},
			{winmsg.EndSession, 1, State{Suspended: true, Ending: true}, false},
		},
		"messages of other meanings": {
			{winmsg.PowerBroadcast, 0x8013, State{}, false}, // PBT_POWERSETTINGCHANGE
			{winmsg.PowerBroadcast, resumeAutomatic, State{}, false},
			{winmsg.SessionChange, 5, State{}, false}, // WTS_SESSION_LOGON
			{0x0400, sessionLock, State{}, false},
		},
	} {
		t.Run(name, func(t *testing.T) { applyAll(t, script, now) })
	}
}

// applyAll applies the messages of a script one after another.
func applyAll(t *testing.T, script []step, now time.Time) {
	var s State
	for i, m := range script {
		limit := s.apply(winmsg.Message{ID: m.id, WParam: m.wParam}, now)
		if s != m.want || (limit > 0) != m.delay {
			t.Errorf("message %d: %+v, delay %v; want %+v", i+1, s, limit, m)
		}
		if limit >= 5*time.Second || (m.id == winmsg.PowerBroadcast && limit >= 2*time.Second) {
			t.Errorf("message %d: Windows does not wait %v", i+1, limit)
		}
	}
}

func TestDecodeInfo(t *testing.T) {
	info := func(level, state, flags uint32) []byte {
		b := make([]byte, 200)
		binary.LittleEndian.PutUint32(b, level)
		binary.LittleEndian.PutUint32(b[8:], 3) // the session's id
		binary.LittleEndian.PutUint32(b[12:], state)
		binary.LittleEndian.PutUint32(b[16:], flags)
		return b
	}
	for name, c := range map[string]struct {
		raw  []byte
		want State
		bad  bool
	}{
		"active and unlocked": {raw: info(1, 0, 1)},
		"locked":              {raw: info(1, 0, 0), want: State{Locked: true}},
		"disconnected":        {raw: info(1, 4, 0), want: State{Locked: true, Disconnected: true}},
		"flags unknown":       {raw: info(1, 0, 0xFFFFFFFF)},
		"another level":       {raw: info(2, 0, 0), bad: true},
		"too short":           {raw: info(1, 0, 0)[:19], bad: true},
		"empty":               {bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decodeInfo(c.raw)
			if got != c.want || (err != nil) != c.bad {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestSuspendClock(t *testing.T) {
	var clock suspendClock
	for i, c := range []struct {
		sinceBoot, awake time.Duration
		suspended        bool
	}{
		{time.Hour, 50 * time.Minute, false}, // a suspend before the program started
		{time.Hour + time.Minute, 51 * time.Minute, false},
		{time.Hour + time.Minute, 51*time.Minute - 16*time.Millisecond, false}, // one tick
		{3 * time.Hour, 52 * time.Minute, true},
		{3 * time.Hour, 52 * time.Minute, false},
	} {
		if got := clock.suspended(c.sinceBoot, c.awake); got != c.suspended {
			t.Errorf("reading %d: %v", i+1, got)
		}
	}
}
