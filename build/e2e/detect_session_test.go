//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/wait"
	"heliograph/detect"
)

// mockLogind is the stand-in for logind that build/desktop -l starts
// (python-dbusmock).
type mockLogind struct {
	t    *testing.T
	conn *dbus.Conn
}

const (
	login1      = "org.freedesktop.login1"
	login1Path  = dbus.ObjectPath("/org/freedesktop/login1")
	sessionPath = dbus.ObjectPath("/org/freedesktop/login1/session/c1")
	mockControl = "org.freedesktop.DBus.Mock"
)

func newMockLogind(t *testing.T) *mockLogind {
	t.Helper()
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Skipf("needs a system bus: build/desktop -l: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return &mockLogind{t, conn}
}

func (m *mockLogind) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	m.t.Helper()
	c := m.conn.Object(login1, path).Call(method, 0, args...)
	if c.Err != nil {
		m.t.Fatalf("%s: %v", method, c.Err)
	}
	return c
}

// session sets one property of our session.
func (m *mockLogind) session(name string, value any) {
	m.t.Helper()
	m.call(sessionPath, mockControl+".UpdateProperties", login1+".Session", map[string]dbus.Variant{name: dbus.MakeVariant(value)})
}

func (m *mockLogind) prepareForSleep(begins bool) {
	m.t.Helper()
	m.call(login1Path, mockControl+".EmitSignal", login1+".Manager", "PrepareForSleep", "b", []dbus.Variant{dbus.MakeVariant(begins)})
}

// delayed reports whether heliograph delays sleep.
func (m *mockLogind) delayed() bool {
	var all []struct {
		What, Who, Why, Mode string
		UID, PID             uint32
	}
	if err := m.call(login1Path, login1+".Manager.ListInhibitors").Store(&all); err != nil {
		m.t.Fatal(err)
	}
	for _, i := range all {
		if i.What == "sleep" && i.Who == "heliograph" && i.Mode == "delay" {
			return true
		}
	}
	return false
}

func TestLockAndSeatByLogind(t *testing.T) {
	m := newMockLogind(t)
	w := watching(t, detect.Options{})
	wait.Until(t, "logind is open", func() bool { return part(w, "sleep").Backend == "logind" })
	m.session("LockedHint", true)
	wait.Until(t, "locked", func() bool { return w.Activity().Locked })
	m.session("LockedHint", false)
	wait.Until(t, "unlocked", func() bool { return !w.Activity().Locked })
	m.session("Active", false)
	wait.Until(t, "another session has the seat", func() bool { return w.Activity().Elsewhere })
	m.session("Active", true)
	wait.Until(t, "ours has it", func() bool { return !w.Activity().Elsewhere })
}

func TestSleepWaitsUntilPresenceIsCleared(t *testing.T) {
	m := newMockLogind(t)
	w := watching(t, detect.Options{})
	wait.Until(t, "sleep is delayed", m.delayed)
	m.prepareForSleep(true)
	wait.Until(t, "sleep is seen", func() bool { return w.Activity().Asleep })
	if !m.delayed() {
		t.Error("sleep is no longer delayed, before SleepReady")
	}
	w.SleepReady()
	wait.Until(t, "sleep may go on", func() bool { return !m.delayed() })
	began := time.Now()
	m.prepareForSleep(false)
	wait.Until(t, "the end of sleep is seen", func() bool { return !w.Activity().Asleep && w.Activity().Woke.After(began.Add(-time.Second)) })
	wait.Until(t, "the next sleep is delayed", m.delayed)

	// Without SleepReady the delay ends within logind's limit of five seconds.
	m.prepareForSleep(true)
	began = time.Now()
	wait.Until(t, "sleep may go on", func() bool { return !m.delayed() })
	if d := time.Since(began); d < 3*time.Second || d > 5*time.Second {
		t.Errorf("sleep was delayed for %v", d)
	}
	m.prepareForSleep(false)
	wait.Until(t, "sleep is delayed again", m.delayed)
	w.Close()
	wait.Until(t, "a watcher that has ended delays nothing", func() bool { return !m.delayed() })
}

// fakeDesktop owns the name of GNOME's session manager on the bus and keeps
// its list of inhibitors: programs that keep the screen or the system awake.
type fakeDesktop struct {
	conn  *dbus.Conn
	asked chan [2]string // the program and reason of each Inhibit

	mu    sync.Mutex
	last  uint32
	gnome map[dbus.ObjectPath]*gnomeInhibitor
}

type gnomeInhibitor struct {
	app, reason string
	flags       uint32
}

func (g *gnomeInhibitor) GetAppId() (string, *dbus.Error)  { return g.app, nil }
func (g *gnomeInhibitor) GetReason() (string, *dbus.Error) { return g.reason, nil }
func (g *gnomeInhibitor) GetFlags() (uint32, *dbus.Error)  { return g.flags, nil }

const gnomeSession = "org.gnome.SessionManager"

// Inhibit adds an inhibitor.
//
// Source: https://gnome.pages.gitlab.gnome.org/gnome-session/ (org.gnome.SessionManager)
func (d *fakeDesktop) Inhibit(app string, _ uint32, reason string, flags uint32) (uint32, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last++
	id := d.last
	path := gnomePath(id)
	g := &gnomeInhibitor{app, reason, flags}
	d.gnome[path] = g
	_ = d.conn.Export(g, path, gnomeSession+".Inhibitor")
	_ = d.conn.Emit("/org/gnome/SessionManager", gnomeSession+".InhibitorAdded", path)
	select {
	case d.asked <- [2]string{app, reason}:
	default:
	}
	return id, nil
}

// Uninhibit removes one.
func (d *fakeDesktop) Uninhibit(id uint32) *dbus.Error {
	d.mu.Lock()
	delete(d.gnome, gnomePath(id))
	d.mu.Unlock()
	_ = d.conn.Emit("/org/gnome/SessionManager", gnomeSession+".InhibitorRemoved", gnomePath(id))
	return nil
}

// GetInhibitors lists them.
func (d *fakeDesktop) GetInhibitors() ([]dbus.ObjectPath, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []dbus.ObjectPath
	for p := range d.gnome {
		all = append(all, p)
	}
	slices.Sort(all)
	return all, nil
}

func gnomePath(id uint32) dbus.ObjectPath {
	return dbus.ObjectPath(fmt.Sprint("/org/gnome/SessionManager/Inhibitor", id))
}

func newFakeDesktop(t *testing.T) *fakeDesktop {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	d := &fakeDesktop{conn: conn, asked: make(chan [2]string, 100), gnome: map[dbus.ObjectPath]*gnomeInhibitor{}}
	if err := conn.Export(d, "/org/gnome/SessionManager", gnomeSession); err != nil {
		t.Fatal(err)
	}
	// The connection of an earlier test may not be gone for the bus yet.
	wait.Until(t, gnomeSession+" is free", func() bool {
		reply, err := conn.RequestName(gnomeSession, dbus.NameFlagDoNotQueue)
		return err == nil && reply == dbus.RequestNameReplyPrimaryOwner
	})
	return d
}

func TestInhibitorsOfGNOME(t *testing.T) {
	w := watching(t, detect.Options{})
	wait.Until(t, "the bus is open", func() bool { return part(w, "inhibitors").Backend != "" })
	d := newFakeDesktop(t) // it starts after the detector
	other, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	inhibit := func(app, reason string, flags uint32) (id uint32) {
		t.Helper()
		if err := other.Object(gnomeSession, "/org/gnome/SessionManager").Call(gnomeSession+".Inhibit", 0, app, uint32(0), reason, flags).Store(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	sleepOnly := inhibit("backup", "copying", 4)
	wait.Until(t, "sleep alone is inhibited", func() bool {
		return part(w, "inhibitors").Value == "1 program keeps the computer awake, none the screen"
	})
	if w.Activity().Inhibited {
		t.Error("a backup does not keep the screen awake")
	}
	video := inhibit("/usr/lib/firefox-esr/firefox-esr", "video-playing", 8)
	wait.Until(t, "a video keeps the screen awake", func() bool { return w.Activity().Inhibited })
	for _, id := range []uint32{sleepOnly, video} {
		other.Object(gnomeSession, "/org/gnome/SessionManager").Call(gnomeSession+".Uninhibit", 0, id)
	}
	wait.Until(t, "it ends", func() bool { return !w.Activity().Inhibited })
	inhibit("vlc", "playing", 12)
	wait.Until(t, "another begins", func() bool { return w.Activity().Inhibited })
	d.conn.Close()
	wait.Until(t, "a desktop that has ended keeps nothing awake", func() bool { return !w.Activity().Inhibited })
}

// Screen savers report with a signal of their own. One that starts after the
// detector counts too; one that has died covers nothing.
func TestLockBySavers(t *testing.T) {
	w := watching(t, detect.Options{})
	wait.Until(t, "the bus is open", func() bool { return part(w, "lock").Backend == "screensaver" })
	for name, path := range map[string]dbus.ObjectPath{
		"org.freedesktop.ScreenSaver": "/ScreenSaver", // KDE's
		"org.gnome.ScreenSaver":       "/org/gnome/ScreenSaver",
		"org.cinnamon.ScreenSaver":    "/org/cinnamon/ScreenSaver",
		"org.mate.ScreenSaver":        "/org/mate/ScreenSaver",
		"org.xfce.ScreenSaver":        "/org/xfce/ScreenSaver",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := dbus.ConnectSessionBus()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.RequestName(name, 0); err != nil {
				t.Fatal(err)
			}
			emit := func(active bool) {
				if err := conn.Emit(path, name+".ActiveChanged", active); err != nil {
					t.Fatal(err)
				}
			}
			emit(true)
			wait.Until(t, "locked", func() bool { return w.Activity().Locked })
			emit(false)
			wait.Until(t, "unlocked", func() bool { return !w.Activity().Locked })
			emit(true)
			wait.Until(t, "locked", func() bool { return w.Activity().Locked })
			conn.Close()
			wait.Until(t, "unlocked, since the saver has died", func() bool { return !w.Activity().Locked })
		})
	}
}
