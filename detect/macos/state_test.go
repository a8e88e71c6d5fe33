package macos

import (
	"testing"
	"time"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func TestPowerMessages(t *testing.T) {
	asleep, woke := State{Asleep: true}, State{Woke: start}
	var s State
	for i, c := range []struct {
		message uint32
		want    State
		answer  bool
		delay   bool
	}{
		{canSystemSleep, State{}, true, false},
		{systemWillSleep, asleep, true, true},
		{systemWillSleep, asleep, true, false}, // asked twice: answered at once
		{systemWillPowerOn, asleep, false, false},
		{systemHasPowered, woke, false, false},
		{systemHasPowered, woke, false, false},
		{systemWillSleep, State{Asleep: true, Woke: start}, true, true},
		{0xE0000290, State{Asleep: true, Woke: start}, false, false}, // kIOMessageSystemWillNotSleep
	} {
		answer, limit := s.apply(c.message, start)
		if s != c.want || answer != c.answer || (limit > 0) != c.delay || limit >= 30*time.Second {
			t.Errorf("message %d: %+v, answer %v, delay %v; want %+v", i+1, s, answer, limit, c)
		}
	}
}

// TestPowerKeepsTheLock: a power message changes neither the lock nor the screen.
func TestPowerKeepsTheLock(t *testing.T) {
	s := State{Locked: true, Background: true}
	s.apply(systemWillSleep, start)
	s.apply(systemHasPowered, start)
	if !s.Locked || !s.Background {
		t.Errorf("got %+v", s)
	}
}

func TestKeepsDisplayOn(t *testing.T) {
	for kind, want := range map[string]bool{
		"PreventUserIdleDisplaySleep": true,
		"NoDisplaySleepAssertion":     true,
		"PreventUserIdleSystemSleep":  false,
		"":                            false,
	} {
		if got := (Assertion{Kind: kind}).KeepsDisplayOn(); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
}

func TestRest(t *testing.T) {
	r := restTimer{rest: 30 * time.Second}
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for i, c := range []struct {
		last, now int
		changed   bool
		want      Input
		next      time.Duration
	}{
		{0, 10, true, Input{true, at(0)}, 20 * time.Second},
		{25, 30, false, Input{true, at(0)}, 25 * time.Second}, // input meanwhile
		{25, 55, true, Input{false, at(25)}, pollInterval},    // exactly at its end
		{25, 56, false, Input{false, at(25)}, pollInterval},
		{57, 57, true, Input{true, at(57)}, 30 * time.Second},
		{57, 88, true, Input{false, at(57)}, pollInterval},
	} {
		changed, next := r.read(at(c.last), at(c.now))
		if changed != c.changed || r.state != c.want || next != c.next {
			t.Errorf("reading %d: changed %v, %+v, next in %v; want %+v", i+1, changed, r.state, next, c)
		}
	}
}

// TestLockIsReadAfterItsNotice replays locks: the dictionary follows the
// notification after some time, and what is read then is shown.
func TestLockIsReadAfterItsNotice(t *testing.T) {
	for name, c := range map[string]struct {
		lag  time.Duration // of the dictionary behind the notification
		seen time.Duration // when the lock must be seen, since the notification
	}{
		"at once":               {0, 0},
		"a moment later":        {100 * time.Millisecond, 250 * time.Millisecond},
		"with an animation":     {700 * time.Millisecond, time.Second},
		"while the Mac is busy": {2500 * time.Millisecond, 3 * time.Second},
		"very late":             {4 * time.Second, 3*time.Second + pauseNotified},
	} {
		t.Run(name, func(t *testing.T) {
			var r readings
			now := start
			for r.notified(now); now.Sub(start) < c.lag; { // a reading does not show it
				now = now.Add(r.next(now, true))
			}
			if got := now.Sub(start); got != c.seen {
				t.Errorf("seen after %v, want %v", got, c.seen)
			}
		})
	}
}

// TestLockWithoutNotices: without a main run loop no notification comes, and the
// dictionary is read at intervals; they are longer where notifications come.
func TestLockWithoutNotices(t *testing.T) {
	var r readings
	if got := r.next(start, false); got != pauseUnnotified || got > 5*time.Second {
		t.Errorf("without a main run loop it is read after %v", got)
	}
	if got := r.next(start, true); got != pauseNotified {
		t.Errorf("with a main run loop it is read after %v", got)
	}
	r.notified(start)
	r.notified(start.Add(200 * time.Millisecond)) // a second one begins anew
	if got := r.next(start.Add(200*time.Millisecond), true); got != followUps[0] {
		t.Errorf("after two notifications it is read after %v", got)
	}
	if got := r.next(start.Add(time.Hour), true); got != pauseNotified {
		t.Errorf("long after a notification it is read after %v", got)
	}
}
