package desktop

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/wait"
	"heliograph/detect/bus"
	"heliograph/detect/bus/bustest"
)

const variable = "DBUS_SESSION_BUS_ADDRESS"

func export(t *testing.T, conn *dbus.Conn, object any, path dbus.ObjectPath, face string) {
	t.Helper()
	if err := conn.Export(object, path, face); err != nil {
		t.Fatal(err)
	}
}

func emit(t *testing.T, conn *dbus.Conn, path dbus.ObjectPath, signal string, values ...any) {
	t.Helper()
	if err := conn.Emit(path, signal, values...); err != nil {
		t.Fatal(err)
	}
}

// fakeMutter is GNOME's idle monitor.
type fakeMutter struct {
	mu      sync.Mutex
	idle    time.Duration
	watches map[string]uint32 // by method; the newest
	last    uint32
}

func (m *fakeMutter) add(method string) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	m.watches[method] = m.last
	return m.last
}

func (m *fakeMutter) AddIdleWatch(uint64) (uint32, *dbus.Error) { return m.add("idle"), nil }

func (m *fakeMutter) AddUserActiveWatch() (uint32, *dbus.Error) { return m.add("active"), nil }

func (m *fakeMutter) GetIdletime() (uint64, *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return uint64(m.idle.Milliseconds()), nil
}

// fire has a watch fire after an idle time.
func (m *fakeMutter) fire(t *testing.T, conn *dbus.Conn, watch string, idle time.Duration) {
	m.mu.Lock()
	m.idle = idle
	id := m.watches[watch]
	m.mu.Unlock()
	emit(t, conn, mutterPath, mutterName+".WatchFired", id)
}

func TestMutter(t *testing.T) {
	bustest.Start(t, variable)
	if _, err := WatchMutter(t.Context(), time.Minute, func() {}); err == nil {
		t.Fatal("opened without GNOME")
	}
	conn := bustest.Connect(t, variable, mutterName)
	mutter := &fakeMutter{watches: map[string]uint32{}, idle: time.Second}
	export(t, conn, mutter, mutterPath, mutterName)
	m, err := WatchMutter(t.Context(), time.Minute, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	state := func() IdleState {
		s, err := m.State()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := state(); !s.InUse {
		t.Errorf("%+v", s)
	}
	before := time.Now()
	mutter.fire(t, conn, "idle", time.Minute)
	wait.Until(t, "at rest", func() bool { return !state().InUse })
	if off := state().Last.Sub(before.Add(-time.Minute)); off.Abs() > 5*time.Second {
		t.Errorf("the last input is %v off", off)
	}
	mutter.fire(t, conn, "active", 0)
	wait.Until(t, "in use", func() bool { return state().InUse })
	emit(t, conn, mutterPath, mutterName+".WatchFired", uint32(4711)) // somebody else's
	conn.Close()
	wait.Until(t, "its end is an error", func() bool { _, err := m.State(); return err != nil })
}

type fakeSaver struct{ active bool }

func (s fakeSaver) GetActive() (bool, *dbus.Error) { return s.active, nil }

func TestSavers(t *testing.T) {
	daemon := bustest.Start(t, variable)
	conn := bustest.Connect(t, variable, "org.mate.ScreenSaver")
	export(t, conn, fakeSaver{true}, "/org/mate/ScreenSaver", "org.mate.ScreenSaver")
	s, err := WatchSavers(t.Context(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	active := func() bool {
		a, err := s.Active()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if !active() {
		t.Error("one that covers the screen already is not seen")
	}
	emit(t, conn, "/anywhere", "org.mate.ScreenSaver.ActiveChanged", "false") // of another type
	emit(t, conn, "/org/mate/ScreenSaver", "org.mate.ScreenSaver.ActiveChanged", false)
	wait.Until(t, "uncovered", func() bool { return !active() })
	emit(t, conn, "/org/mate/ScreenSaver", "org.mate.ScreenSaver.ActiveChanged", true)
	wait.Until(t, "covered", active)
	conn.Close()
	wait.Until(t, "a saver that has ended covers nothing", func() bool { return !active() })
	daemon.Stop()
	wait.Until(t, "the end of the bus is an error", func() bool { _, err := s.Active(); return errors.Is(err, errBusGone) })
}

// fakePolicy is KDE's policy agent.
type fakePolicy struct {
	mu     sync.Mutex
	list   []struct{ Program, Reason string }
	screen bool
}

func (p *fakePolicy) ListInhibitions() ([]struct{ Program, Reason string }, *dbus.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list, nil
}

func (p *fakePolicy) HasInhibition(kind uint32) (bool, *dbus.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen && kind == kdeScreen, nil
}

// fakePower is a power manager that lists nothing.
type fakePower struct{ has bool }

func (p *fakePower) HasInhibit() (bool, *dbus.Error) { return p.has, nil }

func TestInhibitors(t *testing.T) {
	bustest.Start(t, variable)
	i, err := WatchInhibitors(t.Context(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	state := func() InhibitorState {
		s, err := i.State()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := state(); s.Present || s.Unlisted || len(s.List) != 0 {
		t.Errorf("without any desktop: %+v", s)
	}
	kde := bustest.Connect(t, variable, "org.test.NotYet")
	policy := &fakePolicy{list: []struct{ Program, Reason string }{{"/usr/bin/vlc.desktop", "playing"}, {"", "?"}}, screen: true}
	export(t, kde, policy, kdePath, kdePolicy)
	if _, err := kde.RequestName(kdePolicy, 0); err != nil {
		t.Fatal(err)
	}
	want := []Inhibitor{{"", "?", true}, {"vlc", "playing", true}}
	wait.Until(t, "KDE's, which appears later, are listed", func() bool { return slices.Equal(state().List, want) && state().Present })
	policy.mu.Lock()
	policy.list, policy.screen = nil, false
	policy.mu.Unlock()
	emit(t, kde, kdePath, kdePolicy+".InhibitionsChanged", []string{}, []string{})
	wait.Until(t, "they end", func() bool { return len(state().List) == 0 })
	kde.Close()
	wait.Until(t, "nothing is left that could report any", func() bool { return !state().Present })

	power := bustest.Connect(t, variable, "org.test.NotYet2")
	export(t, power, &fakePower{true}, powerPath, powerInhibit)
	if _, err := power.RequestName(powerName, 0); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "a power manager says that somebody asks", func() bool { return state().Unlisted && state().Present })
	power.Close()
	wait.Until(t, "it has ended", func() bool { return !state().Unlisted })
}

func TestProgramNames(t *testing.T) {
	for in, want := range map[string]string{"": "", "firefox": "firefox", "/usr/lib/firefox-esr/firefox-esr": "firefox-esr", "org.kde.kate.desktop": "org.kde.kate"} {
		if got := programName(in); got != want {
			t.Errorf("%q is %q", in, got)
		}
	}
}

// Close returns at once although a service does not answer a question that
// followed from a signal.
func TestCloseWhileAServiceHangs(t *testing.T) {
	bustest.Start(t, variable)
	i, err := WatchInhibitors(t.Context(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	conn := bustest.Connect(t, variable, "org.test.Hanging")
	conn.Eavesdrop(make(chan *dbus.Message, 1)) // it handles no message any more, not even a reply
	conn.BusObject().Go("org.freedesktop.DBus.RequestName", dbus.FlagNoReplyExpected, nil, kdePolicy, uint32(0))
	wait.Until(t, "it is asked", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.present[kdePolicy]
	})
	began := time.Now()
	i.Close()
	if d := time.Since(began); d > bus.CallTimeout/2 {
		t.Errorf("Close took %v", d)
	}
}
