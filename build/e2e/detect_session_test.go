//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect"
)

// mockLogind is the stand-in for logind that build/desktop -l puts up.
type mockLogind struct {
	t    *testing.T
	conn *dbus.Conn
}

const (
	login1      = "org.freedesktop.login1"
	login1Path  = dbus.ObjectPath("/org/freedesktop/login1")
	sessionPath = dbus.ObjectPath("/org/freedesktop/login1/session/c1")
	mockFace    = "org.freedesktop.DBus.Mock"
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
	m.call(sessionPath, mockFace+".UpdateProperties", login1+".Session", map[string]dbus.Variant{name: dbus.MakeVariant(value)})
}

func (m *mockLogind) prepareForSleep(begins bool) {
	m.t.Helper()
	m.call(login1Path, mockFace+".EmitSignal", login1+".Manager", "PrepareForSleep", "b", []dbus.Variant{dbus.MakeVariant(begins)})
}

// delayed reports that somebody holds sleep up.
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

func watching(t *testing.T, o detect.Options) *detect.Watcher {
	t.Helper()
	w := detect.Watch(t.Context(), o)
	t.Cleanup(w.Close)
	return w
}

func TestLockAndSeatByLogind(t *testing.T) {
	m := newMockLogind(t)
	w := watching(t, detect.Options{})
	eventually(t, "logind serves", func() bool { return part(w, "sleep").Backend == "logind" })
	m.session("LockedHint", true)
	eventually(t, "locked", func() bool { return w.Activity().Locked })
	m.session("LockedHint", false)
	eventually(t, "unlocked", func() bool { return !w.Activity().Locked })
	m.session("Active", false)
	eventually(t, "another session has the seat", func() bool { return w.Activity().Elsewhere })
	m.session("Active", true)
	eventually(t, "ours has it", func() bool { return !w.Activity().Elsewhere })
}

func TestSleepIsHeldUpUntilAllIsTold(t *testing.T) {
	m := newMockLogind(t)
	w := watching(t, detect.Options{})
	eventually(t, "sleep is held up", m.delayed)
	m.prepareForSleep(true)
	eventually(t, "sleep is seen", func() bool { return w.Activity().Asleep })
	if !m.delayed() {
		t.Error("sleep is not held up any more, before all is told")
	}
	w.SleepReady()
	eventually(t, "sleep may go on", func() bool { return !m.delayed() })
	began := time.Now()
	m.prepareForSleep(false)
	eventually(t, "the end of sleep is seen", func() bool { return !w.Activity().Asleep && w.Activity().Woke.After(began.Add(-time.Second)) })
	eventually(t, "the next sleep is held up", m.delayed)

	// Nobody says that all is told: sleep goes on by itself, within logind's
	// own limit of five seconds.
	m.prepareForSleep(true)
	began = time.Now()
	eventually(t, "sleep may go on", func() bool { return !m.delayed() })
	if d := time.Since(began); d < 3*time.Second || d > 5*time.Second {
		t.Errorf("sleep was held up for %v", d)
	}
	m.prepareForSleep(false)
	eventually(t, "held up again", m.delayed)
	w.Close()
	eventually(t, "nothing is held up by a watcher that ended", func() bool { return !m.delayed() })
}

// fakeDesktop owns the bus names through which programs ask that the screen
// stay awake, and remembers what they asked. It speaks as GNOME's session
// manager does, and as a power manager that lists nothing.
type fakeDesktop struct {
	conn  *dbus.Conn
	asked chan [2]string // program, reason

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

// Inhibit is GNOME's.
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

// Uninhibit is GNOME's.
func (d *fakeDesktop) Uninhibit(id uint32) *dbus.Error {
	d.mu.Lock()
	delete(d.gnome, gnomePath(id))
	d.mu.Unlock()
	_ = d.conn.Emit("/org/gnome/SessionManager", gnomeSession+".InhibitorRemoved", gnomePath(id))
	return nil
}

// GetInhibitors is GNOME's.
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
	if reply, err := conn.RequestName(gnomeSession, 0); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("%s: %v, %v", gnomeSession, reply, err)
	}
	return d
}

func TestInhibitorsOfGNOME(t *testing.T) {
	w := watching(t, detect.Options{})
	eventually(t, "the bus serves", func() bool { return part(w, "inhibitors").Backend != "" })
	d := newFakeDesktop(t) // it comes up after us
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
	eventually(t, "against sleep only", func() bool {
		return part(w, "inhibitors").Value == "1 program keeps the computer awake, none the screen"
	})
	if w.Activity().Inhibited {
		t.Error("a backup keeps no screen awake")
	}
	video := inhibit("/usr/lib/firefox-esr/firefox-esr", "video-playing", 8)
	eventually(t, "a video keeps the screen awake", func() bool { return w.Activity().Inhibited })
	for _, id := range []uint32{sleepOnly, video} {
		other.Object(gnomeSession, "/org/gnome/SessionManager").Call(gnomeSession+".Uninhibit", 0, id)
	}
	eventually(t, "it ends", func() bool { return !w.Activity().Inhibited })
	inhibit("vlc", "playing", 12)
	eventually(t, "another begins", func() bool { return w.Activity().Inhibited })
	d.conn.Close()
	eventually(t, "a desktop that ended keeps nothing awake", func() bool { return !w.Activity().Inhibited })
}

// The desktops' savers tell with a signal of their own; a saver that comes up
// later is heard, one that dies covers nothing.
func TestLockBySavers(t *testing.T) {
	w := watching(t, detect.Options{})
	eventually(t, "the bus serves", func() bool { return part(w, "lock").Backend == "screensaver" })
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
			say := func(active bool) {
				if err := conn.Emit(path, name+".ActiveChanged", active); err != nil {
					t.Fatal(err)
				}
			}
			say(true)
			eventually(t, "locked", func() bool { return w.Activity().Locked })
			say(false)
			eventually(t, "unlocked", func() bool { return !w.Activity().Locked })
			say(true)
			eventually(t, "locked", func() bool { return w.Activity().Locked })
			conn.Close()
			eventually(t, "unlocked, since the saver died", func() bool { return !w.Activity().Locked })
		})
	}
}
