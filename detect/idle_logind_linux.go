package detect

import (
	"context"
	"errors"
	"time"

	"github.com/godbus/dbus/v5"
)

// logindIdle takes logind's word for rest: a hint, which some desktops give
// after minutes and others never.
type logindIdle struct{ l *logind }

func openLogindIdle(ctx context.Context, _ Options, wake func()) (source, error) {
	l, err := dialLogind(ctx, wake)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	given := l.idleSince != 0
	l.mu.Unlock()
	if !given {
		l.close()
		return nil, errors.New("the desktop tells logind nothing of idle time")
	}
	return logindIdle{l}, nil
}

// idleHint reads the session's hint.
func (l *logind) idleHint(p map[string]dbus.Variant) {
	if v, ok := p["IdleHint"].Value().(bool); ok {
		l.idle = v
	}
	if v, ok := p["IdleSinceHint"].Value().(uint64); ok {
		l.idleSince = v
	}
}

func (i logindIdle) sample(f *facts) error {
	i.l.mu.Lock()
	defer i.l.mu.Unlock()
	if i.l.err != nil {
		return i.l.err
	}
	// The hint's instant is when it changed: the last input, or the first.
	f.idleKnown, f.inUse, f.lastInput = true, !i.l.idle, time.UnixMicro(int64(i.l.idleSince))
	return nil
}

// lastResort: it comes late.
func (i logindIdle) lastResort() {}

func (i logindIdle) close() { i.l.close() }
