package detect

import (
	"encoding/binary"
	"testing"
	"time"
)

// told is one message and what must follow from it.
type told struct {
	msg     uint32
	w       uintptr
	want    seatState
	changed bool
	hold    bool
}

func TestSeatMessages(t *testing.T) {
	locked, gone, asleep := seatState{locked: true}, seatState{elsewhere: true}, seatState{asleep: true}
	for name, script := range map[string][]told{
		"lock_and_unlock": {
			{wmSessionChange, sessionLock, locked, true, false},
			{wmSessionChange, sessionLock, locked, false, false},
			{wmSessionChange, sessionUnlock, seatState{}, true, false},
		},
		"remote_session_left_and_found": {
			{wmSessionChange, remoteDisconnect, gone, true, false},
			{wmSessionChange, sessionLock, seatState{locked: true, elsewhere: true}, true, false},
			{wmSessionChange, consoleConnect, locked, true, false},
			{wmSessionChange, sessionUnlock, seatState{}, true, false},
		},
		"user_switched": {
			{wmSessionChange, consoleDisconnect, gone, true, false},
			{wmSessionChange, remoteConnect, seatState{}, true, false},
		},
		"suspend_is_held_up_once": {
			{wmPowerBroadcast, powerSuspend, asleep, true, true},
			{wmPowerBroadcast, powerSuspend, asleep, false, false},
			{wmPowerBroadcast, powerResumeAutomatic, seatState{}, true, false},
			{wmPowerBroadcast, powerResumeSuspend, seatState{}, false, false},
		},
		"sign_out": {
			{wmEndSession, 1, asleep, true, true},
		},
		"sign_out_vetoed": {
			{wmEndSession, 0, seatState{}, false, false},
			{wmEndSession, 1, asleep, true, true},
			{wmEndSession, 0, seatState{}, true, false},
		},
		"others_are_let_be": {
			{wmPowerBroadcast, 0x8013, seatState{}, false, false}, // a setting changed
			{wmSessionChange, 5, seatState{}, false, false},       // a logon
			{0x0400, sessionLock, seatState{}, false, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s seatState
			for i, m := range script {
				changed, hold := s.message(m.msg, m.w)
				if s != m.want || changed != m.changed || (hold > 0) != m.hold {
					t.Errorf("message %d: %+v, changed %v, hold %v; want %+v", i+1, s, changed, hold, m)
				}
				if hold >= 5*time.Second || (m.msg == wmPowerBroadcast && hold >= 2*time.Second) {
					t.Errorf("message %d: Windows would not wait %v", i+1, hold)
				}
			}
		})
	}
}

func TestDecodeSessionInfo(t *testing.T) {
	info := func(level, state, flags uint32) []byte {
		b := make([]byte, 200)
		binary.LittleEndian.PutUint32(b, level)
		binary.LittleEndian.PutUint32(b[8:], 3) // the session's number
		binary.LittleEndian.PutUint32(b[12:], state)
		binary.LittleEndian.PutUint32(b[16:], flags)
		return b
	}
	for name, c := range map[string]struct {
		raw  []byte
		want seatState
		bad  bool
	}{
		"active_and_open":  {raw: info(1, 0, 1)},
		"locked":           {raw: info(1, 0, 0), want: seatState{locked: true}},
		"disconnected":     {raw: info(1, 4, 0), want: seatState{locked: true, elsewhere: true}},
		"flags_unknown":    {raw: info(1, 0, 0xFFFFFFFF)},
		"of_another_level": {raw: info(2, 0, 0), bad: true},
		"cut_short":        {raw: info(1, 0, 0)[:19], bad: true},
		"empty":            {bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decodeSessionInfo(c.raw)
			if got != c.want || (err != nil) != c.bad {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestWakeWitness(t *testing.T) {
	var w wakeWitness
	for i, c := range []struct {
		running, awake time.Duration
		slept          bool
	}{
		{time.Hour, 50 * time.Minute, false}, // slept before we started
		{time.Hour + time.Minute, 51 * time.Minute, false},
		{time.Hour + time.Minute, 51*time.Minute - 16*time.Millisecond, false}, // coarse clocks
		{3 * time.Hour, 52 * time.Minute, true},
		{3 * time.Hour, 52 * time.Minute, false},
	} {
		if got := w.slept(c.running, c.awake); got != c.slept {
			t.Errorf("question %d: %v", i+1, got)
		}
	}
}

func TestInputClock(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	const day = 24 * 60 * 60 * 1000 // ms
	for name, c := range map[string]struct {
		tick uint32
		up   uint64
		ago  time.Duration
	}{
		"just_now":        {5000, 5000, 0},
		"a_minute_ago":    {40000, 100000, time.Minute},
		"never_any_input": {0, 3 * day, 72 * time.Hour},
		"across_a_wrap":   {1<<32 - 1000, 1<<32 + 2000, 3 * time.Second},
		"after_two_wraps": {7000, 2<<32 + 10000, 3 * time.Second},
		"between_reads":   {5010, 5000, 0}, // input after the clock was read
	} {
		t.Run(name, func(t *testing.T) {
			var k inputClock
			if got := now.Sub(k.last(c.tick, c.up, now)); got != c.ago {
				t.Errorf("%v ago, want %v", got, c.ago)
			}
		})
	}
	t.Run("at_rest_for_longer_than_the_count", func(t *testing.T) {
		var k inputClock
		k.last(1000, 2000, now)
		up := uint64(60 * day)
		later := now.Add(time.Duration(up-2000) * time.Millisecond)
		if got := later.Sub(k.last(1000, up, later)); got != time.Duration(up-1000)*time.Millisecond {
			t.Errorf("%v ago", got)
		}
	})
}
