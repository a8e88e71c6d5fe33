package presence

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/detect"
)

// nobody is a service that accepts everything and shows nothing.
type nobody struct{}

func (nobody) Account() string                                           { return "nobody" }
func (nobody) SetPresence(context.Context, Pair, time.Duration) error    { return nil }
func (nobody) ClearPresence(context.Context) error                       { return nil }
func (nobody) SetPreferred(context.Context, Pair, time.Duration) error   { return nil }
func (nobody) ClearPreferred(context.Context) error                      { return nil }
func (nobody) SetStatusMessage(context.Context, string, time.Time) error { return nil }
func (nobody) Shown(context.Context) (Shown, error)                      { return Shown{}, nil }

// TestClockOfOptions: all instants come from Options.Now, however the clock of
// the process runs.
func TestClockOfOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		l := New(Options{Policy: policy(), Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())).Round(0) }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { l.Run(ctx); close(done) }()
		defer func() { cancel(); <-done }()
		ahead.Store(int64(48 * time.Hour))
		l.Observe(detect.Activity{LastInput: time.Now().Add(47 * time.Hour)})
		l.SetService(nobody{})
		synctest.Wait()
		s := l.State()
		if s.Want.Session != Away || !s.Since.Equal(time.Now().Add(48*time.Hour)) || !s.Sent.At.Equal(s.Since) {
			t.Errorf("at %v: wanted %v since %v, sent %+v", time.Now(), s.Want.Session, s.Since, s.Sent)
		}
	})
}
