package desktop

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// saverNames are the screen savers of the desktops. Each sends the signal
// ActiveChanged of its own interface when it covers the screen.
//
// Source: https://specifications.freedesktop.org/idle-inhibit-spec; the savers
// of the desktops follow it
var saverNames = []string{"org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver", "org.mate.ScreenSaver", "org.xfce.ScreenSaver"}

// Savers follows the screen savers, whichever run.
type Savers struct {
	watch
	active map[string]bool // by name
}

// WatchSavers follows the screen savers. changed is called whenever Active may
// answer differently. The connection ends with ctx.
func WatchSavers(ctx context.Context, changed func()) (*Savers, error) {
	s := &Savers{active: map[string]bool{}}
	if err := s.open(ctx, changed, s.start, s.signal); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Savers) start(ctx context.Context) error {
	for _, name := range saverNames {
		if err := s.subscribe(ctx, member(name, "ActiveChanged"), bus.MatchOwner(name)); err != nil {
			return fmt.Errorf("screen savers cannot be followed: %w", err)
		}
		if owned, err := bus.HasOwner(ctx, s.conn, name); err != nil || !owned {
			continue
		}
		path := dbus.ObjectPath("/" + strings.ReplaceAll(name, ".", "/"))
		var active bool
		if s.conn.Object(name, path).CallWithContext(ctx, name+".GetActive", 0).Store(&active) == nil {
			s.active[name] = active
		}
	}
	return nil
}

func (s *Savers) signal(_ context.Context, sig *dbus.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := strings.CutSuffix(sig.Name, ".ActiveChanged"); ok && len(sig.Body) == 1 && slices.Contains(saverNames, name) {
		if active, ok := sig.Body[0].(bool); ok {
			s.active[name] = active
		}
	}
	if name, owner, ok := bus.OwnerChange(sig); ok && owner == "" {
		delete(s.active, name) // a saver that has ended does not cover the screen
	}
	return nil
}

// Active reports whether a screen saver covers the screen. An error means that
// the connection has ended.
func (s *Savers) Active() (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(slices.Collect(maps.Values(s.active)), true), s.err
}
