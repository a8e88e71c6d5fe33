package settings

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// TestSettle: the file is read when the events have ceased, or after a while
// whatever happens, and never for an event of another file.
func TestSettle(t *testing.T) {
	for name, c := range map[string]struct {
		events []time.Duration // since the start
		other  bool            // they name another file
		want   []time.Duration
	}{
		"one":          {events: []time.Duration{0}, want: []time.Duration{quiet}},
		"half written": {events: []time.Duration{0, quiet / 2, quiet}, want: []time.Duration{2 * quiet}},
		"two edits":    {events: []time.Duration{0, time.Minute}, want: []time.Duration{quiet, time.Minute + quiet}},
		"without end":  {events: steps(3*atMost, 126*time.Millisecond), want: []time.Duration{atMost, 4016 * time.Millisecond, 6032 * time.Millisecond}},
		"another":      {events: []time.Duration{0}, other: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				events, done := make(chan fsnotify.Event), make(chan error)
				var read []time.Duration
				go func() {
					done <- settle(ctx, events, nil, func(name string) bool { return name == "mine" }, func() error {
						read = append(read, time.Since(began))
						return nil
					})
				}()
				for _, at := range c.events {
					wait(began.Add(at))
					e := fsnotify.Event{Name: "mine"}
					if c.other {
						e.Name = "other"
					}
					events <- e
				}
				wait(time.Now().Add(time.Hour))
				cancel()
				if err := <-done; !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if len(read) != len(c.want) {
					t.Fatalf("it was read at %v, not at %v", read, c.want)
				}
				for i := range read {
					if read[i] != c.want[i] {
						t.Errorf("it was read at %v, not at %v", read, c.want)
					}
				}
			})
		})
	}
}

// steps returns instants up to an end.
func steps(end, step time.Duration) (at []time.Duration) {
	for d := time.Duration(0); d <= end; d += step {
		at = append(at, d)
	}
	return at
}

// wait lets the bubble's clock go on to an instant.
func wait(until time.Time) { <-time.After(time.Until(until)) }

// TestSettleEndsWithItsWork: what cannot be watched any more is an error.
func TestSettleEndsWithItsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := make(chan error, 1)
		errs <- fsnotify.ErrEventOverflow
		gone := errors.New("gone")
		if err := settle(t.Context(), nil, errs, nil, func() error { return gone }); !errors.Is(err, gone) {
			t.Errorf("it ends with %v", err)
		}
	})
}
