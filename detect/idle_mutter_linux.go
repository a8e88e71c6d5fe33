package detect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// GNOME's compositor speaks no Wayland protocol for idle time; it has a bus
// name of its own.
//
// Source: https://gitlab.gnome.org/GNOME/mutter/-/blob/main/data/dbus-interfaces/org.gnome.Mutter.IdleMonitor.xml
const (
	mutterName = "org.gnome.Mutter.IdleMonitor"
	mutterPath = "/org/gnome/Mutter/IdleMonitor/Core"
)

// mutterIdle hears through two watches: one fires each time the desk has
// rested for long enough, the other once, at the next input.
type mutterIdle struct {
	conn   *dbus.Conn
	settle time.Duration
	wake   func()
	done   chan struct{}

	idleWatch, activeWatch uint32

	mu    sync.Mutex
	err   error
	inUse bool
	last  time.Time
}

func openMutter(ctx context.Context, e env) (source, error) {
	conn, err := bus.Session(ctx)
	if err != nil {
		return nil, err
	}
	m := &mutterIdle{conn: conn, settle: e.settle, wake: e.changed, done: make(chan struct{}), inUse: true}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := m.start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	go m.follow(ctx, signals)
	return m, nil
}

func (m *mutterIdle) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	if !hasOwner(ctx, m.conn, mutterName) {
		return errors.New("this is no GNOME session (" + mutterName + " is not on the bus)")
	}
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchInterface(mutterName), dbus.WithMatchMember("WatchFired"), dbus.WithMatchObjectPath(mutterPath)},
		nameWatch(mutterName),
	} {
		if err := m.conn.AddMatchSignalContext(ctx, match...); err != nil {
			return fmt.Errorf("idle time cannot be followed: %w", err)
		}
	}
	if err := m.call(ctx, "AddIdleWatch", &m.idleWatch, uint64(m.settle.Milliseconds())); err != nil {
		return err
	}
	return m.look(ctx)
}

func (m *mutterIdle) call(ctx context.Context, method string, out any, args ...any) error {
	if err := m.conn.Object(mutterName, mutterPath).CallWithContext(ctx, mutterName+"."+method, 0, args...).Store(out); err != nil {
		return fmt.Errorf("%s: %w", mutterName, err)
	}
	return nil
}

// look asks how long the desk has rested; while it rests, the next input is
// watched for. The watch is set before the question, so that no input falls
// between them.
func (m *mutterIdle) look(ctx context.Context) error {
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
	m.inUse, m.last = idle < m.settle, time.Now().Round(0).Add(-idle)
	return nil
}

func (m *mutterIdle) follow(ctx context.Context, signals <-chan *dbus.Signal) {
	defer close(m.done)
	for s := range signals {
		if err := m.signal(ctx, s); err != nil {
			m.fail(err)
		}
		m.wake()
	}
	m.fail(errors.New("the session bus went away"))
	m.wake()
}

func (m *mutterIdle) signal(ctx context.Context, s *dbus.Signal) error {
	if lostOwner(s) {
		return errors.New("GNOME's compositor went away")
	}
	var id uint32
	if s.Name != mutterName+".WatchFired" || dbus.Store(s.Body, &id) != nil {
		return nil
	}
	switch id {
	case m.idleWatch:
		ctx, cancel := context.WithTimeout(ctx, busTimeout)
		defer cancel()
		return m.look(ctx)
	case m.activeWatch:
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.inUse {
			m.inUse, m.last = true, time.Now().Round(0)
		}
	}
	return nil
}

func (m *mutterIdle) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = err
	}
}

func (m *mutterIdle) sample() (result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	return idleResult{inUse: m.inUse, last: m.last}, nil
}

func (m *mutterIdle) close() {
	m.conn.Close()
	<-m.done
}
