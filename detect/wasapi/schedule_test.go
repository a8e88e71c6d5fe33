package wasapi

import (
	"slices"
	"testing"
	"time"
)

// reading is what a reading at an instant found, and after which time the next
// one is due.
type reading struct {
	announced      bool // just before it
	failed, silent bool
	want           time.Duration
}

// follow reads whenever the schedule says so.
func follow(t *testing.T, readings []reading) {
	t.Helper()
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	var s schedule
	if s.next().After(now) {
		t.Error("the first reading is not due at once")
	}
	for i, r := range readings {
		if r.announced {
			s.announced(now)
		}
		s.read(now, r.failed, r.silent)
		if got := s.next().Sub(now); got != r.want {
			t.Errorf("reading %d: the next after %v, want %v", i+1, got, r.want)
		}
		now = s.next()
	}
}

func TestSchedule(t *testing.T) {
	for name, readings := range map[string][]reading{
		"nothing happens": {{want: backstop}, {want: backstop}},
		"a session is announced": {
			{want: backstop},
			{announced: true, want: firstAgain},
			{want: lastAgain - firstAgain},
			{want: backstop},
		},
		"a device fails for ever": {
			{failed: true, want: time.Second},
			{failed: true, want: 2 * time.Second},
			{failed: true, want: 4 * time.Second},
			{failed: true, want: 8 * time.Second},
			{failed: true, want: 16 * time.Second},
			{failed: true, want: 32 * time.Second},
			{failed: true, want: backstop},
			{failed: true, want: backstop},
		},
		"a device fails for a moment, twice": {
			{failed: true, want: time.Second},
			{want: backstop},
			{failed: true, want: time.Second},
		},
		"a device reports no sessions": {{silent: true, want: unnotified}, {silent: true, want: unnotified}},
		"a device reports none, another fails": {
			{silent: true, failed: true, want: time.Second},
			{silent: true, failed: true, want: unnotified},
			{silent: true, failed: true, want: unnotified},
		},
	} {
		t.Run(name, func(t *testing.T) { follow(t, readings) })
	}
}

// TestAnnouncementsMayFollowEachOther: the readings after the last one count.
func TestAnnouncementsMayFollowEachOther(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	var s schedule
	for range 1000 {
		s.announced(now)
		s.read(now, false, false)
		now = now.Add(time.Millisecond)
	}
	if len(s.again) != 2 || s.next().Sub(now) != firstAgain-time.Millisecond {
		t.Errorf("%d readings, the next after %v", len(s.again), s.next().Sub(now))
	}
}

func TestDeviceOfASession(t *testing.T) {
	for instance, want := range map[string]string{
		`{0.0.1.00000000}.{5e6a}|\Device\HarddiskVolume3\Zoom.exe%b{0000}|1%b1234`: "{0.0.1.00000000}.{5e6a}",
		"":        "",
		"unknown": "",
		"|":       "",
	} {
		if got := deviceOf(instance); got != want {
			t.Errorf("%q: %q, want %q", instance, got, want)
		}
	}
}

func TestSessionsAreCompared(t *testing.T) {
	a := Session{ID: 1, PID: 10, Names: []string{"Zoom.exe"}}
	b := Session{ID: 2, PID: 20, Names: []string{"chrome.exe"}}
	one, other := Sessions{Recording: []Session{a, b}}, Sessions{Recording: []Session{b, a}}
	if one.equal(other) {
		t.Error("the order does not matter to equal, so sort is not needed")
	}
	one.sort()
	other.sort()
	if !one.equal(other) {
		t.Error("the order of the devices matters")
	}
	for i, change := range []func(*Session){
		func(s *Session) { s.ID++ },
		func(s *Session) { s.PID++ },
		func(s *Session) { s.Label = "a" },
		func(s *Session) { s.Device = "a" },
		func(s *Session) { s.Names = slices.Clone(s.Names[:0]) },
	} {
		changed := a
		change(&changed)
		if (Sessions{Playing: []Session{a}}).equal(Sessions{Playing: []Session{changed}}) {
			t.Errorf("change %d is not seen", i+1)
		}
	}
}
