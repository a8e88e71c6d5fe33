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

// power returns the bytes of a change.
func power(setting [16]byte, length, value uint32) []byte {
	b := make([]byte, 24)
	copy(b, setting[:])
	binary.LittleEndian.PutUint32(b[16:], length)
	binary.LittleEndian.PutUint32(b[20:], value)
	return b
}

func TestDecodePower(t *testing.T) {
	if c, ok := decodePower(power(sessionDisplay, 4, 2)); !ok || c.setting != sessionDisplay || c.value != 2 {
		t.Errorf("got %+v, %v", c, ok)
	}
	for name, raw := range map[string][]byte{"a GUID": power(sessionDisplay, 16, 0), "cut": power(sessionDisplay, 4, 0)[:23], "empty": nil} {
		if c, ok := decodePower(raw); ok {
			t.Errorf("%s: got %+v", name, c)
		}
	}
}

// TestScreenOff: the person is back when the screen is, whether a suspend was
// reported or not.
func TestScreenOff(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	const off, on, dimmed, sleep, wake = 0, 1, 2, 100, 101
	for name, c := range map[string]struct {
		steps []int
		want  State
	}{
		"at the start":             {[]int{on}, State{}},
		"dimmed":                   {[]int{on, dimmed}, State{}},
		"off":                      {[]int{on, dimmed, off}, State{Dark: true}},
		"off and on":               {[]int{off, on}, State{Resumed: now}},
		"a suspend follows":        {[]int{off, sleep}, State{Dark: true, Suspended: true}},
		"it resumes, still dark":   {[]int{off, sleep, wake}, State{Dark: true, Resumed: now}},
		"it resumes with a screen": {[]int{off, sleep, wake, on}, State{Resumed: now}},
		"the screen comes first":   {[]int{off, sleep, on, wake}, State{Resumed: now}},
	} {
		t.Run(name, func(t *testing.T) {
			var s State
			for _, step := range c.steps {
				switch step {
				case sleep:
					s.apply(winmsg.Message{ID: winmsg.PowerBroadcast, WParam: suspend}, now)
				case wake:
					s.apply(winmsg.Message{ID: winmsg.PowerBroadcast, WParam: resumeAutomatic}, now)
				default:
					s.screen(powerChange{sessionDisplay, uint32(step)}, now)
				}
			}
			s.screen(powerChange{[16]byte{1}, off}, now) // another setting
			if s != c.want {
				t.Errorf("got %+v, want %+v", s, c.want)
			}
		})
	}
}
