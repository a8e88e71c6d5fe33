package detect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names of logind.
//
// Source: https://www.freedesktop.org/software/systemd/man/org.freedesktop.login1.html
const (
	logindName    = "org.freedesktop.login1"
	logindPath    = "/org/freedesktop/login1"
	logindManager = "org.freedesktop.login1.Manager"
	logindSession = "org.freedesktop.login1.Session"
	propertiesGet = "org.freedesktop.DBus.Properties.GetAll"
)

// sleepGrace is how long sleep is held up so that colleagues can be told;
// logind's own limit is five seconds by default.
const sleepGrace = 4 * time.Second

// logind tells lock, sleep and which session has the seat.
type logind struct {
	conn    *dbus.Conn
	session dbus.ObjectPath
	done    chan struct{}
	wake    func()

	mu      sync.Mutex
	err     error
	locked  bool
	active  bool
	asleep  bool
	inhibit int // the delay lock's descriptor; -1: none
	release *time.Timer
}

func openLogind(ctx context.Context, o Options, wake func()) (source, error) {
	conn, err := systemBus(ctx)
	if err != nil {
		return nil, err
	}
	l := &logind{conn: conn, done: make(chan struct{}), wake: wake, active: true, inhibit: -1}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := l.start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	l.delaySleep()
	go l.follow(signals)
	return l, nil
}

func (l *logind) manager() dbus.BusObject { return l.conn.Object(logindName, logindPath) }

// start finds our session, listens to it and reads it.
func (l *logind) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	err := errors.New("no session")
	if id := os.Getenv("XDG_SESSION_ID"); id != "" {
		err = l.manager().CallWithContext(ctx, logindManager+".GetSession", 0, id).Store(&l.session)
	}
	if err != nil {
		err = l.manager().CallWithContext(ctx, logindManager+".GetSessionByPID", 0, uint32(os.Getpid())).Store(&l.session)
	}
	if err != nil {
		return fmt.Errorf("logind knows no session of ours: %w", err)
	}
	for _, m := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(l.session), dbus.WithMatchInterface("org.freedesktop.DBus.Properties")},
		{dbus.WithMatchObjectPath(logindPath), dbus.WithMatchInterface(logindManager), dbus.WithMatchMember("PrepareForSleep")},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, logindName)},
	} {
		if err := l.conn.AddMatchSignalContext(ctx, m...); err != nil {
			return fmt.Errorf("logind cannot be followed: %w", err)
		}
	}
	return l.read(ctx)
}

func (l *logind) read(ctx context.Context) error {
	var p map[string]dbus.Variant
	if err := l.conn.Object(logindName, l.session).CallWithContext(ctx, propertiesGet, 0, logindSession).Store(&p); err != nil {
		return fmt.Errorf("logind's session cannot be read: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take(p)
	return nil
}

// take reads the properties that matter; others, and other types, are let be.
func (l *logind) take(p map[string]dbus.Variant) {
	if v, ok := p["LockedHint"].Value().(bool); ok {
		l.locked = v
	}
	if v, ok := p["Active"].Value().(bool); ok {
		l.active = v
	}
}

// delaySleep asks logind to wait with the next sleep until SleepReady.
func (l *logind) delaySleep() {
	ctx, cancel := context.WithTimeout(context.Background(), busTimeout)
	defer cancel()
	var fd dbus.UnixFD
	err := l.manager().CallWithContext(ctx, logindManager+".Inhibit", 0, "sleep", "heliograph", "Telling colleagues that you are away", "delay").Store(&fd)
	if err != nil {
		return // sleep is still seen, only too late to be told before
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inhibit = int(fd)
}

// letSleep gives the delay lock back.
func (l *logind) letSleep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inhibit >= 0 {
		syscall.Close(l.inhibit)
		l.inhibit = -1
	}
	if l.release != nil {
		l.release.Stop()
		l.release = nil
	}
}

// follow takes signals in until the bus ends.
func (l *logind) follow(signals <-chan *dbus.Signal) {
	defer close(l.done)
	for s := range signals {
		l.signal(s)
		l.wake()
	}
	l.mu.Lock()
	l.err = errors.New("the system bus went away")
	l.mu.Unlock()
	l.wake()
}

func (l *logind) signal(s *dbus.Signal) {
	switch {
	case s.Name == logindManager+".PrepareForSleep" && len(s.Body) == 1:
		if sleeping, ok := s.Body[0].(bool); ok {
			l.sleep(sleeping)
		}
	case s.Name == "org.freedesktop.DBus.Properties.PropertiesChanged" && s.Path == l.session && len(s.Body) >= 2:
		if p, ok := s.Body[1].(map[string]dbus.Variant); ok {
			l.mu.Lock()
			l.take(p)
			l.mu.Unlock()
		}
	case s.Name == "org.freedesktop.DBus.NameOwnerChanged" && len(s.Body) == 3:
		if owner, ok := s.Body[2].(string); ok && owner == "" {
			l.mu.Lock()
			l.err = errors.New("logind went away")
			l.mu.Unlock()
		}
	}
}

func (l *logind) sleep(sleeping bool) {
	l.mu.Lock()
	l.asleep = sleeping
	if sleeping && l.inhibit >= 0 {
		l.release = time.AfterFunc(sleepGrace, l.letSleep)
	}
	l.mu.Unlock()
	if !sleeping {
		l.letSleep()
		go l.delaySleep() // asks over this same connection: not from its reader
	}
}

func (l *logind) sample(f *facts) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	f.seatKnown = true
	f.locked = f.locked || l.locked
	f.asleep, f.elsewhere = l.asleep, !l.active
	return nil
}

func (l *logind) close() {
	l.letSleep()
	l.conn.Close()
	<-l.done
}
