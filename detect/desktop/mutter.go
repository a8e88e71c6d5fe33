package desktop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// The idle monitor of GNOME's compositor, which has no Wayland protocol for
// idle notifications.
//
// Source: https://gitlab.gnome.org/GNOME/mutter/-/blob/main/data/dbus-interfaces/org.gnome.Mutter.IdleMonitor.xml
const (
	mutterName = "org.gnome.Mutter.IdleMonitor"
	mutterPath = "/org/gnome/Mutter/IdleMonitor/Core"
)

// Mutter knows when input stops and begins in a GNOME session. It has two
// watches there: one fires each time that there has been no input for long
// enough, the other once, at the next input.
type Mutter struct {
	watch
	rest                   time.Duration
	idleWatch, activeWatch uint32
	state                  IdleState
}

// IdleState is an idle time at one instant.
type IdleState struct {
	// InUse reports that there was input within the time that counts as rest.
	// Last is then when use began, else the instant of the last input.
	InUse bool
	Last  time.Time
}

// WatchMutter follows GNOME's compositor. The user rests when there has been no
// input for rest. changed is called whenever State may answer differently. The
// connection ends with ctx.
func WatchMutter(ctx context.Context, rest time.Duration, changed func()) (*Mutter, error) {
	m := &Mutter{rest: rest}
	if err := m.open(ctx, changed, m.start, m.signal); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Mutter) start(ctx context.Context) error {
	if owned, err := bus.HasOwner(ctx, m.conn, mutterName); err != nil || !owned {
		return errors.New("this is not a GNOME session (" + mutterName + " is not on the bus)")
	}
	fired := append(member(mutterName, "WatchFired"), dbus.WithMatchObjectPath(mutterPath))
	if err := m.subscribe(ctx, fired, bus.MatchOwner(mutterName)); err != nil {
		return fmt.Errorf("GNOME's idle time cannot be followed: %w", err)
	}
	if err := m.call(ctx, "AddIdleWatch", &m.idleWatch, uint64(m.rest.Milliseconds())); err != nil {
		return err
	}
	return m.read(ctx)
}

func (m *Mutter) call(ctx context.Context, method string, out any, args ...any) error {
	if err := m.conn.Object(mutterName, mutterPath).CallWithContext(ctx, mutterName+"."+method, 0, args...).Store(out); err != nil {
		return fmt.Errorf("%s: %w", mutterName, err)
	}
	return nil
}

// read asks for the idle time. The watch for the next input is set before, so
// that no input falls between the two.
func (m *Mutter) read(ctx context.Context) error {
	if err := m.call(ctx, "AddUserActiveWatch", &m.activeWatch); err != nil {
		return err
	}
	var ms uint64
	if err := m.call(ctx, "GetIdletime", &ms); err != nil {
		return err
	}
	idle := time.Duration(ms) * time.Millisecond
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = IdleState{InUse: idle < m.rest, Last: time.Now().Round(0).Add(-idle)}
	return nil
}

func (m *Mutter) signal(ctx context.Context, s *dbus.Signal) error {
	if name, owner, ok := bus.OwnerChange(s); ok && name == mutterName && owner == "" {
		return errors.New("GNOME's compositor went away")
	}
	var id uint32
	if s.Name != mutterName+".WatchFired" || dbus.Store(s.Body, &id) != nil {
		return nil
	}
	switch id {
	case m.idleWatch:
		return m.read(ctx)
	case m.activeWatch:
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.state.InUse {
			m.state = IdleState{InUse: true, Last: time.Now().Round(0)}
		}
	}
	return nil
}

// State returns the present state. An error means that the connection has
// ended.
func (m *Mutter) State() (IdleState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, m.err
}
