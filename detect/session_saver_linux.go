package detect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// savers are the screen savers of the desktops: each tells with the signal
// ActiveChanged of its own interface when the screen is covered.
//
// Source: https://specifications.freedesktop.org/idle-inhibit-spec; the
// desktops' own savers follow it
var savers = []string{"org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver", "org.mate.ScreenSaver", "org.xfce.ScreenSaver"}

// saver hears from whichever screen saver there is.
type saver struct {
	conn *dbus.Conn
	done chan struct{}

	mu     sync.Mutex
	err    error
	active map[string]bool // by interface
}

func openSaver(ctx context.Context, e env) (source, error) {
	conn, err := bus.Session(ctx)
	if err != nil {
		return nil, err
	}
	s := &saver{conn: conn, done: make(chan struct{}), active: map[string]bool{}}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := s.start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	go s.follow(signals, e.changed)
	return s, nil
}

func (s *saver) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	for _, name := range savers {
		for _, m := range [][]dbus.MatchOption{
			{dbus.WithMatchInterface(name), dbus.WithMatchMember("ActiveChanged")},
			nameWatch(name),
		} {
			if err := s.conn.AddMatchSignalContext(ctx, m...); err != nil {
				return fmt.Errorf("screen savers cannot be followed: %w", err)
			}
		}
		if !hasOwner(ctx, s.conn, name) {
			continue // asking one that does not run would start it
		}
		path := dbus.ObjectPath("/" + strings.ReplaceAll(name, ".", "/"))
		var active bool
		if s.conn.Object(name, path).CallWithContext(ctx, name+".GetActive", 0).Store(&active) == nil {
			s.active[name] = active
		}
	}
	return nil
}

func (s *saver) follow(signals <-chan *dbus.Signal, wake func()) {
	defer close(s.done)
	for sig := range signals {
		s.mu.Lock()
		if name, ok := strings.CutSuffix(sig.Name, ".ActiveChanged"); ok && len(sig.Body) == 1 {
			if active, ok := sig.Body[0].(bool); ok {
				s.active[name] = active
			}
		}
		if name, owner, ok := ownerChange(sig); ok && owner == "" {
			delete(s.active, name) // a saver that died covers nothing
		}
		s.mu.Unlock()
		wake()
	}
	s.mu.Lock()
	s.err = errors.New("the session bus went away")
	s.mu.Unlock()
	wake()
}

func (s *saver) sample() (result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	var r lockResult
	for _, active := range s.active {
		r.locked = r.locked || active
	}
	return r, nil
}

func (s *saver) close() {
	s.conn.Close()
	<-s.done
}
