package logind

import (
	"context"
	"os"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// delayLimit is how long sleep is delayed at most. logind's own limit is five
// seconds by default (InhibitDelayMaxSec).
const delayLimit = 4 * time.Second

// inhibit takes the inhibitor that delays the next sleep. Without it sleep is
// still noticed, only too late to clear presence.
//
// Source: https://systemd.io/INHIBITOR_LOCKS
func (s *Session) inhibit(ctx context.Context) {
	if s.delay == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	var fd dbus.UnixFD
	err := s.manager().CallWithContext(ctx, managerInterface+".Inhibit", 0, "sleep", "heliograph", "Telling colleagues that you are away", "delay").Store(&fd)
	if err != nil {
		return
	}
	inhibitor := os.NewFile(uintptr(fd), "logind inhibitor")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.inhibitor != nil {
		inhibitor.Close() // one is enough, and none is left behind
		return
	}
	s.inhibitor = inhibitor
}

// allowSleep closes an inhibitor; nil is none.
func (s *Session) allowSleep(inhibitor *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if inhibitor != nil && s.inhibitor == inhibitor {
		inhibitor.Close()
		s.inhibitor = nil
	}
}

// setAsleep takes the signal that is sent before and after sleep.
func (s *Session) setAsleep(ctx context.Context, asleep bool) {
	s.mu.Lock()
	s.state.Asleep = asleep
	inhibitor := s.inhibitor
	if !asleep {
		s.state.Woke = time.Now().Round(0).Truncate(time.Millisecond)
	}
	if asleep && inhibitor != nil {
		over := s.delay(delayLimit)
		s.tasks.Go(func() {
			select {
			case <-over:
			case <-s.done:
			}
			s.allowSleep(inhibitor)
		})
	}
	s.mu.Unlock()
	if !asleep && s.delay != nil {
		s.allowSleep(inhibitor)
		s.tasks.Go(func() { s.inhibit(ctx) }) // follow goes on meanwhile
	}
}
