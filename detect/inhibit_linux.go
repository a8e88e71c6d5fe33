package detect

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
	"heliograph/detect/call"
)

// What programs ask of the desktop, so that a video is not covered. A desktop
// that lists who asked, and why, is GNOME's session manager or KDE's policy
// agent; Xfce's and MATE's power managers tell only that somebody did. Where
// org.freedesktop.ScreenSaver is all there is, nobody may ask it.
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
	powerInhibit = "org.freedesktop.PowerManagement.Inhibit"
	powerPath    = "/org/freedesktop/PowerManagement/Inhibit"
	powerName    = "org.freedesktop.PowerManagement"
)

// inhibit follows all three; whichever is there answers.
type inhibit struct {
	conn *dbus.Conn
	wake func()
	done chan struct{}

	mu      sync.Mutex
	err     error
	present map[string]bool // by bus name: it runs
	gnome   map[dbus.ObjectPath]inhibition
	kde     []inhibition
	power   bool
}

type inhibition struct {
	call.Inhibitor
	screen bool // it is about the screen, not about sleep only
}

func openInhibit(ctx context.Context, e env) (source, error) {
	conn, err := bus.Session(ctx)
	if err != nil {
		return nil, err
	}
	i := &inhibit{conn: conn, wake: e.changed, done: make(chan struct{}), present: map[string]bool{}, gnome: map[dbus.ObjectPath]inhibition{}}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := i.start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	go i.follow(ctx, signals)
	return i, nil
}

func (i *inhibit) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	for _, m := range [][]dbus.MatchOption{
		{dbus.WithMatchInterface(gnomeSession), dbus.WithMatchMember("InhibitorAdded")},
		{dbus.WithMatchInterface(gnomeSession), dbus.WithMatchMember("InhibitorRemoved")},
		{dbus.WithMatchInterface(kdePolicy), dbus.WithMatchMember("InhibitionsChanged")},
		{dbus.WithMatchInterface(powerInhibit), dbus.WithMatchMember("HasInhibitChanged")},
		nameWatch(gnomeSession), nameWatch(kdePolicy), nameWatch(powerName),
	} {
		if err := i.conn.AddMatchSignalContext(ctx, m...); err != nil {
			return fmt.Errorf("inhibitors cannot be followed: %w", err)
		}
	}
	for _, name := range []string{gnomeSession, kdePolicy, powerName} {
		if hasOwner(ctx, i.conn, name) { // asking one that does not run would start it
			i.ask(ctx, name)
		}
	}
	return nil
}

// ask reads all inhibitors of one desktop; one that does not answer has none.
func (i *inhibit) ask(ctx context.Context, name string) {
	i.mu.Lock()
	i.present[name] = true
	i.mu.Unlock()
	switch name {
	case gnomeSession:
		var paths []dbus.ObjectPath
		_ = i.conn.Object(gnomeSession, gnomePath).CallWithContext(ctx, gnomeSession+".GetInhibitors", 0).Store(&paths)
		for _, p := range paths {
			i.added(ctx, p)
		}
	case kdePolicy:
		i.askKDE(ctx)
	case powerName:
		var has bool
		_ = i.conn.Object(powerName, powerPath).CallWithContext(ctx, powerInhibit+".HasInhibit", 0).Store(&has)
		i.mu.Lock()
		i.power = has
		i.mu.Unlock()
	}
}

// added reads one of GNOME's; it may be gone by now.
func (i *inhibit) added(ctx context.Context, p dbus.ObjectPath) {
	const face = gnomeSession + ".Inhibitor"
	var app, reason string
	var flags uint32
	o := i.conn.Object(gnomeSession, p)
	err := errors.Join(o.CallWithContext(ctx, face+".GetAppId", 0).Store(&app),
		o.CallWithContext(ctx, face+".GetReason", 0).Store(&reason),
		o.CallWithContext(ctx, face+".GetFlags", 0).Store(&flags))
	if err != nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.gnome[p] = inhibition{call.Inhibitor{Names: appNames(app), Reason: reason}, flags&gnomeIdle != 0}
}

// askKDE lists who asked; whether that is about the screen is told as a whole.
func (i *inhibit) askKDE(ctx context.Context) {
	var list []struct{ App, Reason string }
	var screen bool
	o := i.conn.Object(kdePolicy, kdePath)
	_ = o.CallWithContext(ctx, kdePolicy+".ListInhibitions", 0).Store(&list)
	_ = o.CallWithContext(ctx, kdePolicy+".HasInhibition", 0, uint32(kdeScreen)).Store(&screen)
	var all []inhibition
	for _, e := range list {
		all = append(all, inhibition{call.Inhibitor{Names: appNames(e.App), Reason: e.Reason}, screen})
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.kde = all
}

// appNames: programs give their name, an id or the path of their file.
func appNames(app string) []string {
	app = strings.TrimSuffix(app, ".desktop")
	if app == "" {
		return nil
	}
	return []string{path.Base(app)}
}

func (i *inhibit) follow(ctx context.Context, signals <-chan *dbus.Signal) {
	defer close(i.done)
	for s := range signals {
		i.signal(ctx, s)
		i.wake()
	}
	i.mu.Lock()
	i.err = errors.New("the session bus went away")
	i.mu.Unlock()
	i.wake()
}

func (i *inhibit) signal(ctx context.Context, s *dbus.Signal) {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	var p dbus.ObjectPath
	switch s.Name {
	case gnomeSession + ".InhibitorAdded":
		if dbus.Store(s.Body, &p) == nil {
			i.added(ctx, p)
		}
	case gnomeSession + ".InhibitorRemoved":
		if dbus.Store(s.Body, &p) == nil {
			i.mu.Lock()
			delete(i.gnome, p)
			i.mu.Unlock()
		}
	case kdePolicy + ".InhibitionsChanged":
		i.askKDE(ctx)
	case powerInhibit + ".HasInhibitChanged":
		i.ask(ctx, powerName)
	}
	if name, owner, ok := ownerChange(s); ok {
		i.forget(name)
		if owner != "" {
			i.ask(ctx, name)
		}
	}
}

// forget drops what a desktop's part that has ended knew.
func (i *inhibit) forget(name string) {
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

func (i *inhibit) sample() (result, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return nil, i.err
	}
	all := slices.Clone(i.kde)
	for _, g := range i.gnome {
		all = append(all, g)
	}
	r := inhibitResult{awake: i.power, awakeKnown: len(i.present) > 0}
	for _, a := range all {
		r.inhibitors = append(r.inhibitors, a.Inhibitor)
		r.awake = r.awake || (a.screen && !a.WebRTC())
	}
	return r, nil
}

func (i *inhibit) close() {
	i.conn.Close()
	<-i.done
}
