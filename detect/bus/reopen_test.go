package bus

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// triesOf counts how often a bus is tried within a day, which fails with err each
// time.
func triesOf(t *testing.T, r *Reopener, err error) (tries int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	defer r.Close()
	for {
		r.begin()
		r.Failed(err)
		select {
		case <-r.C():
			tries++
		case <-ctx.Done():
			return tries
		}
	}
}

// TestTriesWithoutABus: nothing is tried while only a new socket can be a bus, and
// all else once a minute at most, after short pauses at the beginning.
func TestTriesWithoutABus(t *testing.T) {
	const minutes = 24 * 60
	refused := fmt.Errorf("the session bus does not answer: %w", syscall.ECONNREFUSED)
	watched, unwatched := func() *socketWatch { return &socketWatch{} }, func() *socketWatch { return nil }
	lost := func() *socketWatch { s := &socketWatch{}; s.lost.Store(true); return s }
	for _, c := range []struct {
		name     string
		socket   func() *socketWatch
		err      error
		min, max int
	}{
		{"no address", unwatched, ErrNoSession, 0, 0},
		{"no socket", watched, ErrNoSession, 0, 0},
		{"nobody listens", watched, refused, reopenRefused - 1, reopenRefused - 1},
		{"nobody listens, and nobody would say so", unwatched, refused, minutes / 2, 2*minutes + reopenRefused},
		{"the folder is gone", lost, refused, minutes / 2, 2*minutes + reopenRefused},
		{"it does not answer", watched, context.DeadlineExceeded, minutes / 2, 2*minutes + reopenRefused},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newReopener()
			r.socket = c.socket()
			if tries := triesOf(t, r, c.err); tries < c.min || tries > c.max {
				t.Errorf("%s: %d tries within a day, want %d to %d", c.name, tries, c.min, c.max)
			}
		})
	}
}

// TestNewSocketIsTriedAtOnce: a socket that appears after all tries, and a bus that
// listens to it only a moment later.
func TestNewSocketIsTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReopener()
		r.socket = &socketWatch{}
		for range reopenRefused + 1 {
			r.begin()
			r.Failed(syscall.ECONNREFUSED)
			<-time.After(2 * reopenLast)
		}
		r.begin()
		r.Failed(syscall.ECONNREFUSED)
		r.appeared()
		select {
		case <-r.C():
		default:
			t.Fatal("the new socket is not tried")
		}
		r.begin()
		r.Failed(syscall.ECONNREFUSED)
		began := time.Now()
		<-r.C()
		if took := time.Since(began); took > 2*reopenFirst {
			t.Errorf("it is tried again after %v", took)
		}
	})
}
