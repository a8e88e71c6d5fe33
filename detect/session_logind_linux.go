package detect

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

	mu     sync.Mutex
	err    error
	locked bool
	active bool
	asleep bool
	woke   time.Time
	delay  *os.File // the delay inhibitor; nil: none
	closed bool
	tasks  sync.WaitGroup

	hold *sleepHold // nil: sleep is not delayed

	idle         bool
	idleSince    uint64 // microseconds since 1970; 0: never set
	blocked      string // what the block inhibitors of all programs cover
	blockedKnown bool
}

func openLogind(ctx context.Context, e env) (source, error) {
	l, err := dialLogind(ctx, e.changed, e.sleep)
	if err != nil {
		return nil, err
	}
	l.delaySleep(ctx)
	return l, nil
}

// dialLogind finds our session and follows it.
func dialLogind(ctx context.Context, wake func(), hold *sleepHold) (*logind, error) {
	conn, err := bus.System(ctx)
	if err != nil {
		return nil, err
	}
	l := &logind{conn: conn, done: make(chan struct{}), wake: wake, active: true, hold: hold}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := l.start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	go l.follow(ctx, signals)
	return l, nil
}

func (l *logind) manager() dbus.BusObject { return l.conn.Object(logindName, logindPath) }

// start finds our session, listens to it and reads it.
func (l *logind) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	if err := l.find(ctx); err != nil {
		return fmt.Errorf("logind knows no session of ours: %w", err)
	}
	for _, m := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(l.session), dbus.WithMatchInterface("org.freedesktop.DBus.Properties")},
		{dbus.WithMatchObjectPath(logindPath), dbus.WithMatchInterface(logindManager), dbus.WithMatchMember("PrepareForSleep")},
		{dbus.WithMatchObjectPath(logindPath), dbus.WithMatchInterface("org.freedesktop.DBus.Properties")},
		nameWatch(logindName),
	} {
		if err := l.conn.AddMatchSignalContext(ctx, m...); err != nil {
			return fmt.Errorf("logind cannot be followed: %w", err)
		}
	}
	return l.read(ctx)
}

// find looks our session up. A program that systemd's user manager started is
// in none, but its user may have one at a display.
func (l *logind) find(ctx context.Context) error {
	if id := os.Getenv("XDG_SESSION_ID"); id != "" {
		if l.manager().CallWithContext(ctx, logindManager+".GetSession", 0, id).Store(&l.session) == nil {
			return nil
		}
	}
	err := l.manager().CallWithContext(ctx, logindManager+".GetSessionByPID", 0, uint32(os.Getpid())).Store(&l.session)
	if err == nil {
		return nil
	}
	var user dbus.ObjectPath
	if l.manager().CallWithContext(ctx, logindManager+".GetUser", 0, uint32(os.Getuid())).Store(&user) != nil {
		return err
	}
	var display dbus.Variant
	if l.conn.Object(logindName, user).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.login1.User", "Display").Store(&display) != nil {
		return err
	}
	var id string
	if dbus.Store([]any{display.Value()}, &struct {
		ID   *string
		Path *dbus.ObjectPath
	}{&id, &l.session}) != nil || id == "" {
		return err
	}
	return nil
}

func (l *logind) read(ctx context.Context) error {
	var p, m map[string]dbus.Variant
	if err := l.conn.Object(logindName, l.session).CallWithContext(ctx, propertiesGet, 0, logindSession).Store(&p); err != nil {
		return fmt.Errorf("logind's session cannot be read: %w", err)
	}
	if err := l.manager().CallWithContext(ctx, propertiesGet, 0, logindManager).Store(&m); err != nil {
		m = nil // the session alone tells most
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take(p)
	l.take(m)
	if v, ok := m["PreparingForSleep"].Value().(bool); ok {
		l.asleep = v
	}
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
	if v, ok := p["BlockInhibited"].Value().(string); ok {
		l.blocked, l.blockedKnown = v, true
	}
	l.idleHint(p)
}

// delaySleep asks logind to delay the next sleep.
func (l *logind) delaySleep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	var fd dbus.UnixFD
	err := l.manager().CallWithContext(ctx, logindManager+".Inhibit", 0, "sleep", "heliograph", "Telling colleagues that you are away", "delay").Store(&fd)
	if err != nil {
		return // sleep is still seen, only too late to be told before
	}
	delay := os.NewFile(uintptr(fd), "logind delay inhibitor")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.delay != nil {
		delay.Close() // one is enough, and none is left behind
		return
	}
	l.delay = delay
}

// allowSleep gives a delay inhibitor back.
func (l *logind) allowSleep(delay *os.File) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if delay != nil && l.delay == delay {
		delay.Close()
		l.delay = nil
	}
}

// follow takes signals until the connection ends.
func (l *logind) follow(ctx context.Context, signals <-chan *dbus.Signal) {
	defer close(l.done)
	for s := range signals {
		l.signal(ctx, s)
		l.wake()
	}
	l.mu.Lock()
	l.err = errors.New("the system bus went away")
	l.mu.Unlock()
	l.wake()
}

func (l *logind) signal(ctx context.Context, s *dbus.Signal) {
	var fail error
	switch {
	case s.Name == logindManager+".PrepareForSleep" && len(s.Body) == 1:
		if sleeping, ok := s.Body[0].(bool); ok {
			l.sleep(ctx, sleeping)
		}
	case s.Name == "org.freedesktop.DBus.Properties.PropertiesChanged" && len(s.Body) == 3 && (s.Path == l.session || s.Path == logindPath):
		if p, ok := s.Body[1].(map[string]dbus.Variant); ok {
			l.mu.Lock()
			l.take(p)
			l.mu.Unlock()
		}
		if untold, ok := s.Body[2].([]string); ok && len(untold) > 0 {
			ctx, cancel := context.WithTimeout(ctx, busTimeout)
			fail = l.read(ctx)
			cancel()
		}
	case lostOwner(s):
		fail = errors.New("logind went away")
	}
	if fail != nil {
		l.mu.Lock()
		l.err = fail
		l.mu.Unlock()
	}
}

func (l *logind) sleep(ctx context.Context, sleeping bool) {
	l.mu.Lock()
	l.asleep = sleeping
	if !sleeping {
		l.woke = time.Now().Round(0).Truncate(time.Millisecond)
	}
	delay := l.delay
	if sleeping && delay != nil {
		ready := l.hold.begin(sleepGrace)
		l.tasks.Go(func() {
			<-ready
			l.allowSleep(delay)
		})
	}
	l.mu.Unlock()
	if !sleeping && l.hold != nil {
		l.hold.release()
		l.allowSleep(delay)
		l.tasks.Go(func() { l.delaySleep(ctx) }) // follow goes on meanwhile
	}
}

func (l *logind) sample() (result, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, l.err
	}
	return seatResult{locked: l.locked, asleep: l.asleep, elsewhere: !l.active, woke: l.woke,
		awake: slices.Contains(strings.Split(l.blocked, ":"), "idle"), awakeKnown: l.blockedKnown}, nil
}

func (l *logind) close() {
	l.mu.Lock()
	l.closed = true
	delay := l.delay
	l.mu.Unlock()
	if l.hold != nil {
		l.hold.release()
	}
	l.allowSleep(delay)
	l.conn.Close()
	<-l.done
	l.tasks.Wait()
}
