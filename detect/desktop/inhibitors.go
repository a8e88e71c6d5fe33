package desktop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// The services that keep the requests to stay awake. GNOME's session manager
// and KDE's policy agent list who asked and why; the power managers of Xfce and
// MATE say only that somebody did. Where org.freedesktop.ScreenSaver alone takes
// requests, nobody may list them.
//
// Source: https://gitlab.gnome.org/GNOME/gnome-session/-/blob/main/gnome-session/org.gnome.SessionManager.xml,
// https://invent.kde.org/plasma/powerdevil/-/blob/master/daemon/org.kde.Solid.PowerManagement.PolicyAgent.xml,
// https://www.freedesktop.org/wiki/Specifications/power-management-spec
const (
	gnomeSession = "org.gnome.SessionManager"
	gnomePath    = "/org/gnome/SessionManager"
	gnomeIdle    = 8 // the flag: against the session's being marked idle
	kdePolicy    = "org.kde.Solid.PowerManagement.PolicyAgent"
	kdePath      = "/org/kde/Solid/PowerManagement/PolicyAgent"
	kdeScreen    = 4 // ChangeScreenSettings
	powerName    = "org.freedesktop.PowerManagement"
	powerPath    = "/org/freedesktop/PowerManagement/Inhibit"
	powerInhibit = "org.freedesktop.PowerManagement.Inhibit"
)

// Inhibitors follows all three services.
type Inhibitors struct {
	watch
	present map[string]bool // by name: it runs
	gnome   map[dbus.ObjectPath]Inhibitor
	kde     []Inhibitor
	power   bool
}

// Inhibitor is one request to stay awake.
type Inhibitor struct {
	Program string // its name, its id, or the name of its file; empty: unknown
	Reason  string
	Screen  bool // it is about the screen, not about sleep alone
}

// InhibitorState is everything that the services say.
type InhibitorState struct {
	// List has the requests of the services that list them, in a stable order.
	List []Inhibitor
	// Unlisted reports that a program asks at a service that does not say which
	// one.
	Unlisted bool
	// Present reports that at least one of the services runs.
	Present bool
}

// WatchInhibitors follows the requests to stay awake. changed is called
// whenever State may answer differently. The connection ends with ctx.
func WatchInhibitors(ctx context.Context, changed func()) (*Inhibitors, error) {
	i := &Inhibitors{present: map[string]bool{}, gnome: map[dbus.ObjectPath]Inhibitor{}}
	if err := i.open(ctx, changed, i.start, i.signal); err != nil {
		return nil, err
	}
	return i, nil
}

func (i *Inhibitors) start(ctx context.Context) error {
	err := i.subscribe(ctx, member(gnomeSession, "InhibitorAdded"), member(gnomeSession, "InhibitorRemoved"),
		member(kdePolicy, "InhibitionsChanged"), member(powerInhibit, "HasInhibitChanged"),
		bus.MatchOwner(gnomeSession), bus.MatchOwner(kdePolicy), bus.MatchOwner(powerName))
	if err != nil {
		return fmt.Errorf("requests to stay awake cannot be followed: %w", err)
	}
	for _, name := range []string{gnomeSession, kdePolicy, powerName} {
		if owned, err := bus.HasOwner(ctx, i.conn, name); err == nil && owned {
			i.read(ctx, name)
		}
	}
	return nil
}

// read lists the requests at one service; one that does not answer has none.
func (i *Inhibitors) read(ctx context.Context, name string) {
	i.mu.Lock()
	i.present[name] = true
	i.mu.Unlock()
	switch name {
	case gnomeSession:
		var paths []dbus.ObjectPath
		_ = i.conn.Object(gnomeSession, gnomePath).CallWithContext(ctx, gnomeSession+".GetInhibitors", 0).Store(&paths)
		for _, p := range paths {
			i.readGNOME(ctx, p)
		}
	case kdePolicy:
		i.readKDE(ctx)
	case powerName:
		var has bool
		_ = i.conn.Object(powerName, powerPath).CallWithContext(ctx, powerInhibit+".HasInhibit", 0).Store(&has)
		i.mu.Lock()
		i.power = has
		i.mu.Unlock()
	}
}

// readGNOME reads one of GNOME's; it may be gone by now.
func (i *Inhibitors) readGNOME(ctx context.Context, p dbus.ObjectPath) {
	const face = gnomeSession + ".Inhibitor"
	var program, reason string
	var flags uint32
	o := i.conn.Object(gnomeSession, p)
	err := errors.Join(o.CallWithContext(ctx, face+".GetAppId", 0).Store(&program),
		o.CallWithContext(ctx, face+".GetReason", 0).Store(&reason),
		o.CallWithContext(ctx, face+".GetFlags", 0).Store(&flags))
	if err != nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.gnome[p] = Inhibitor{programName(program), reason, flags&gnomeIdle != 0}
}

// readKDE reads KDE's; whether they are about the screen is said for all of
// them at once.
func (i *Inhibitors) readKDE(ctx context.Context) {
	var list []struct{ Program, Reason string }
	var screen bool
	o := i.conn.Object(kdePolicy, kdePath)
	_ = o.CallWithContext(ctx, kdePolicy+".ListInhibitions", 0).Store(&list)
	_ = o.CallWithContext(ctx, kdePolicy+".HasInhibition", 0, uint32(kdeScreen)).Store(&screen)
	var all []Inhibitor
	for _, e := range list {
		all = append(all, Inhibitor{programName(e.Program), e.Reason, screen})
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.kde = all
}

// programName shortens what programs call themselves: a name, an id, or the
// path of a file.
func programName(s string) string {
	if s == "" {
		return ""
	}
	return path.Base(strings.TrimSuffix(s, ".desktop"))
}

func (i *Inhibitors) signal(ctx context.Context, s *dbus.Signal) error {
	var p dbus.ObjectPath
	switch s.Name {
	case gnomeSession + ".InhibitorAdded":
		if dbus.Store(s.Body, &p) == nil {
			i.readGNOME(ctx, p)
		}
	case gnomeSession + ".InhibitorRemoved":
		if dbus.Store(s.Body, &p) == nil {
			i.mu.Lock()
			delete(i.gnome, p)
			i.mu.Unlock()
		}
	case kdePolicy + ".InhibitionsChanged":
		i.readKDE(ctx)
	case powerInhibit + ".HasInhibitChanged":
		i.read(ctx, powerName)
	}
	if name, owner, ok := bus.OwnerChange(s); ok {
		i.forget(name)
		if owner != "" {
			i.read(ctx, name)
		}
	}
	return nil
}

// forget drops the requests at a service that has ended.
func (i *Inhibitors) forget(name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.present, name)
	switch name {
	case gnomeSession:
		clear(i.gnome)
	case kdePolicy:
		i.kde = nil
	case powerName:
		i.power = false
	}
}

// State returns the present requests. An error means that the connection has
// ended.
func (i *Inhibitors) State() (InhibitorState, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := InhibitorState{List: slices.Clone(i.kde), Unlisted: i.power, Present: len(i.present) > 0}
	for _, g := range i.gnome {
		s.List = append(s.List, g)
	}
	slices.SortFunc(s.List, func(a, b Inhibitor) int {
		return cmp.Or(cmp.Compare(a.Program, b.Program), cmp.Compare(a.Reason, b.Reason))
	})
	return s, i.err
}
