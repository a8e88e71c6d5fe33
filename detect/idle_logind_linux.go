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

func openLogindIdle(ctx context.Context, e env) (source, error) {
	l, err := dialLogind(ctx, e.changed, nil)
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

func (i logindIdle) sample() (result, error) {
	i.l.mu.Lock()
	defer i.l.mu.Unlock()
	if i.l.err != nil {
		return nil, i.l.err
	}
	// The hint's instant is when it changed: the last input, or the first.
	return idleResult{inUse: !i.l.idle, last: time.UnixMicro(int64(i.l.idleSince))}, nil
}

func (i logindIdle) close() { i.l.close() }
