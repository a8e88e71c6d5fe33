package lastinput

import (
	"testing"
	"time"
)

func TestTickClock(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	const day = 24 * 60 * 60 * 1000 // ms
	for name, c := range map[string]struct {
		tick uint32
		up   uint64
		ago  time.Duration
	}{
		"just now":             {5000, 5000, 0},
		"a minute ago":         {40000, 100000, time.Minute},
		"no input since start": {0, 3 * day, 72 * time.Hour},
		"across a wrap":        {1<<32 - 1000, 1<<32 + 2000, 3 * time.Second},
		"after two wraps":      {7000, 2<<32 + 10000, 3 * time.Second},
		"between the readings": {5010, 5000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var clock tickClock
			if got := now.Sub(clock.instant(c.tick, c.up, now)); got != c.ago {
				t.Errorf("%v ago, want %v", got, c.ago)
			}
		})
	}
}

// TestRestLongerThanTheCount: the tick has wrapped, the input is the same.
func TestRestLongerThanTheCount(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	const up = 60 * 24 * 60 * 60 * 1000 // ms
	var clock tickClock
	clock.instant(1000, 2000, now)
	later := now.Add((up - 2000) * time.Millisecond)
	if got := later.Sub(clock.instant(1000, up, later)); got != (up-1000)*time.Millisecond {
		t.Errorf("%v ago", got)
	}
}
