// Package logind reads the user's session from systemd-logind or elogind: lock,
// sleep, and which session has the screen. It can delay sleep for a moment. It
// turns D-Bus messages into values and never judges them.
//
// Source: https://www.freedesktop.org/software/systemd/man/org.freedesktop.login1.html
package logind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// Names of logind.
const (
	service          = "org.freedesktop.login1"
	managerPath      = "/org/freedesktop/login1"
	managerInterface = "org.freedesktop.login1.Manager"
	sessionInterface = "org.freedesktop.login1.Session"
	userInterface    = "org.freedesktop.login1.User"
)

// State is what logind says about the session.
type State struct {
	Locked bool
	// Active reports that the session has the screen.
	Active bool
	// Asleep reports that the computer is going to sleep. Woke is when it came
	// back from the last sleep; zero if none was seen.
	Asleep bool
	Woke   time.Time
	// Idle is the hint of the desktop that there is no input, and IdleSince
	// when that last changed; zero: the desktop has never set it.
	Idle      bool
	IdleSince time.Time
	// IdleInhibited reports that a program asks that the session not count as
	// idle, and SeesInhibitors that logind reports such requests.
	IdleInhibited, SeesInhibitors bool
}

// Session follows the user's session.
type Session struct {
	conn    *dbus.Conn
	path    dbus.ObjectPath
	changed func()
	delay   func(limit time.Duration) (over <-chan struct{}) // nil: sleep is not delayed
	done    chan struct{}
	tasks   sync.WaitGroup

	mu        sync.Mutex
	err       error
	closed    bool
	state     State
	inhibitor *os.File // delays sleep until it is closed; nil: none
}

// Watch finds the user's session and follows it. changed is called whenever
// State may answer differently. The connection ends with ctx.
//
// If delay is not nil, sleep is delayed: delay is called when the computer is
// about to sleep, before State says so, and sleep goes on when the channel that
// it returns is closed, which must happen after limit at the latest.
func Watch(ctx context.Context, changed func(), delay func(limit time.Duration) (over <-chan struct{})) (*Session, error) {
	conn, err := bus.System(ctx)
	if err != nil {
		return nil, err
	}
	s := &Session{conn: conn, changed: changed, delay: delay, done: make(chan struct{}), state: State{Active: true}}
	signals := bus.Signals(conn)
	if err := s.start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	s.inhibit(ctx)
	go s.follow(ctx, signals)
	return s, nil
}

func (s *Session) manager() dbus.BusObject { return s.conn.Object(service, managerPath) }

// start finds the session, subscribes to its signals and reads it.
func (s *Session) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	if err := s.find(ctx); err != nil {
		return fmt.Errorf("logind has no session of this user: %w", err)
	}
	for _, m := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(s.path), dbus.WithMatchInterface(bus.PropertiesInterface)},
		{dbus.WithMatchObjectPath(managerPath), dbus.WithMatchInterface(managerInterface), dbus.WithMatchMember("PrepareForSleep")},
		{dbus.WithMatchObjectPath(managerPath), dbus.WithMatchInterface(bus.PropertiesInterface)},
		bus.MatchOwner(service),
	} {
		if err := s.conn.AddMatchSignalContext(ctx, m...); err != nil {
			return fmt.Errorf("logind cannot be followed: %w", err)
		}
	}
	return s.read(ctx)
}

// find finds the session. A program that systemd's user manager has started is
// in none, but its user may have one at a display.
func (s *Session) find(ctx context.Context) error {
	if id := os.Getenv("XDG_SESSION_ID"); id != "" {
		if s.manager().CallWithContext(ctx, managerInterface+".GetSession", 0, id).Store(&s.path) == nil {
			return nil
		}
	}
	err := s.manager().CallWithContext(ctx, managerInterface+".GetSessionByPID", 0, uint32(os.Getpid())).Store(&s.path)
	if err == nil {
		return nil
	}
	var user dbus.ObjectPath
	if s.manager().CallWithContext(ctx, managerInterface+".GetUser", 0, uint32(os.Getuid())).Store(&user) != nil {
		return err
	}
	var display struct {
		ID   string
		Path dbus.ObjectPath
	}
	if bus.Property(ctx, s.conn.Object(service, user), userInterface, "Display", &display) != nil || display.ID == "" {
		return err
	}
	s.path = display.Path
	return nil
}

func (s *Session) read(ctx context.Context) error {
	session, err := bus.Properties(ctx, s.conn.Object(service, s.path), sessionInterface)
	if err != nil {
		return fmt.Errorf("logind's session cannot be read: %w", err)
	}
	manager, err := bus.Properties(ctx, s.manager(), managerInterface)
	if err != nil {
		manager = nil // the session alone says most
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.decode(session)
	s.state.decode(manager)
	if v, ok := manager["PreparingForSleep"].Value().(bool); ok {
		s.state.Asleep = v
	}
	return nil
}

// decode takes the properties that matter. Others, and those of an unexpected
// type, are ignored.
func (s *State) decode(p map[string]dbus.Variant) {
	if v, ok := p["LockedHint"].Value().(bool); ok {
		s.Locked = v
	}
	if v, ok := p["Active"].Value().(bool); ok {
		s.Active = v
	}
	if v, ok := p["BlockInhibited"].Value().(string); ok {
		s.SeesInhibitors, s.IdleInhibited = true, slices.Contains(strings.Split(v, ":"), "idle")
	}
	if v, ok := p["IdleHint"].Value().(bool); ok {
		s.Idle = v
	}
	if v, ok := p["IdleSinceHint"].Value().(uint64); ok && v != 0 {
		s.IdleSince = time.UnixMicro(int64(v))
	}
}

// follow takes signals until the connection ends.
func (s *Session) follow(ctx context.Context, signals <-chan *dbus.Signal) {
	defer close(s.done)
	bus.EachSignal(s.conn, signals, func(sig *dbus.Signal) {
		if err := s.signal(ctx, sig); err != nil {
			s.fail(err)
		}
		s.changed()
	})
	s.fail(errors.New("the system bus went away"))
	s.changed()
}

func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *Session) signal(ctx context.Context, sig *dbus.Signal) error {
	if name, owner, ok := bus.OwnerChange(sig); ok && name == service && owner == "" {
		return errors.New("logind went away")
	}
	switch {
	case sig.Name == managerInterface+".PrepareForSleep" && len(sig.Body) == 1:
		if asleep, ok := sig.Body[0].(bool); ok {
			s.setAsleep(ctx, asleep)
		}
	case sig.Name == bus.PropertiesInterface+".PropertiesChanged" && len(sig.Body) == 3 && (sig.Path == s.path || sig.Path == managerPath):
		if p, ok := sig.Body[1].(map[string]dbus.Variant); ok {
			s.mu.Lock()
			s.state.decode(p)
			s.mu.Unlock()
		}
		if invalidated, ok := sig.Body[2].([]string); ok && len(invalidated) > 0 {
			ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
			defer cancel()
			return s.read(ctx)
		}
	}
	return nil
}

// State returns the present state. An error means that the connection has
// ended.
func (s *Session) State() (State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.err
}

// Close ends the connection and lets sleep go on.
func (s *Session) Close() {
	s.mu.Lock()
	s.closed = true
	inhibitor := s.inhibitor
	s.mu.Unlock()
	s.allowSleep(inhibitor)
	s.conn.Close()
	<-s.done
	s.tasks.Wait()
}
