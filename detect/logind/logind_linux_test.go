package logind

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"heliograph/build/wait"
	"heliograph/detect/bus"
	"heliograph/detect/bus/bustest"
)

const (
	variable    = "DBUS_SYSTEM_BUS_ADDRESS"
	sessionPath = dbus.ObjectPath("/org/freedesktop/login1/session/_31")
	userPath    = dbus.ObjectPath("/org/freedesktop/login1/user/_0")
)

// fakeLogind is a logind that the test controls.
type fakeLogind struct {
	conn     *dbus.Conn
	session  *prop.Properties
	sessions bool // GetSessionByPID finds one

	mu     sync.Mutex
	delays [][2]*os.File // the pipes of the inhibitors: our ends and theirs
}

func (s *fakeLogind) GetSessionByPID(uint32) (dbus.ObjectPath, *dbus.Error) {
	if !s.sessions {
		return "", dbus.NewError("org.freedesktop.login1.NoSessionForPID", nil)
	}
	return sessionPath, nil
}

func (s *fakeLogind) GetSession(string) (dbus.ObjectPath, *dbus.Error) { return sessionPath, nil }

func (s *fakeLogind) GetUser(uint32) (dbus.ObjectPath, *dbus.Error) { return userPath, nil }

func (s *fakeLogind) Inhibit(what, _, _, mode string) (dbus.UnixFD, *dbus.Error) {
	if what != "sleep" || mode != "delay" {
		return 0, dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", nil)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delays = append(s.delays, [2]*os.File{r, w})
	return dbus.UnixFD(w.Fd()), nil
}

// inhibitors counts the calls of Inhibit.
func (s *fakeLogind) inhibitors() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.delays)
}

// released waits until an inhibitor has been closed.
func (s *fakeLogind) released(t *testing.T, i int) {
	t.Helper()
	s.mu.Lock()
	r, w := s.delays[i][0], s.delays[i][1]
	w.Close() // the session has a copy
	s.mu.Unlock()
	_ = r.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := r.Read(make([]byte, 1)); os.IsTimeout(err) {
		t.Errorf("inhibitor %d is kept", i)
	}
}

func (s *fakeLogind) prepareForSleep(t *testing.T, asleep bool) {
	t.Helper()
	if err := s.conn.Emit(managerPath, managerInterface+".PrepareForSleep", asleep); err != nil {
		t.Fatal(err)
	}
}

func newService(t *testing.T, inSession bool) *fakeLogind {
	t.Helper()
	bustest.Start(t, variable)
	t.Setenv("XDG_SESSION_ID", "")
	s := &fakeLogind{conn: bustest.Connect(t, variable, service), sessions: inSession}
	export := func(path dbus.ObjectPath, face string, values map[string]any) *prop.Properties {
		all := map[string]*prop.Prop{}
		for name, v := range values {
			all[name] = &prop.Prop{Value: v, Writable: true, Emit: prop.EmitTrue}
		}
		p, err := prop.Export(s.conn, path, prop.Map{face: all})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	s.session = export(sessionPath, sessionInterface, map[string]any{"LockedHint": false, "Active": true, "IdleHint": false, "IdleSinceHint": uint64(0)})
	export(managerPath, managerInterface, map[string]any{"PreparingForSleep": false, "BlockInhibited": "shutdown:idle"})
	export(userPath, userInterface, map[string]any{"Display": struct {
		ID   string
		Path dbus.ObjectPath
	}{"1", sessionPath}})
	if err := s.conn.Export(s, managerPath, managerInterface); err != nil {
		t.Fatal(err)
	}
	return s
}

func state(t *testing.T, s *Session) State {
	t.Helper()
	st, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestSession(t *testing.T) {
	for name, inSession := range map[string]bool{"in a session": true, "started by the user manager": false} {
		t.Run(name, func(t *testing.T) {
			l := newService(t, inSession)
			s, err := Watch(t.Context(), func() {}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if st := state(t, s); !st.Active || st.Locked || st.Asleep || !st.IdleSince.IsZero() || !st.IdleInhibited || !st.SeesInhibitors {
				t.Errorf("%+v", st)
			}
			l.session.SetMust(sessionInterface, "LockedHint", true)
			wait.Until(t, "locked", func() bool { return state(t, s).Locked })
			l.session.SetMust(sessionInterface, "Active", false)
			wait.Until(t, "another session has the screen", func() bool { return !state(t, s).Active })
			l.session.SetMust(sessionInterface, "IdleSinceHint", uint64(1_700_000_000_000_000))
			wait.Until(t, "the desktop sets its idle hint", func() bool { return state(t, s).IdleSince.Equal(time.Unix(1_700_000_000, 0)) })
			wrongType := map[string]dbus.Variant{"LockedHint": dbus.MakeVariant("no")}
			if err := l.conn.Emit(sessionPath, bus.PropertiesInterface+".PropertiesChanged", sessionInterface, wrongType, []string{}); err != nil {
				t.Fatal(err)
			}
			l.session.SetMust(sessionInterface, "Active", true)
			wait.Until(t, "ours has it", func() bool { return state(t, s).Active })
			if !state(t, s).Locked {
				t.Error("a value of another type was taken")
			}
			l.conn.Close()
			wait.Until(t, "its end is an error", func() bool { _, err := s.State(); return err != nil })
		})
	}
}

func TestSleepIsDelayed(t *testing.T) {
	l := newService(t, true)
	delays := make(chan chan struct{}, 10)
	s, err := Watch(t.Context(), func() {}, func(limit time.Duration) <-chan struct{} {
		if limit <= 0 || limit >= 5*time.Second {
			t.Errorf("the limit is %v", limit)
		}
		over := make(chan struct{})
		delays <- over
		return over
	})
	if err != nil {
		t.Fatal(err)
	}
	if l.inhibitors() != 1 {
		t.Fatalf("%d inhibitors", l.inhibitors())
	}
	l.prepareForSleep(t, true)
	over := <-delays
	wait.Until(t, "asleep", func() bool { return state(t, s).Asleep })
	close(over)
	l.released(t, 0)
	l.prepareForSleep(t, false)
	wait.Until(t, "awake", func() bool { st := state(t, s); return !st.Asleep && time.Since(st.Woke) < time.Minute })
	wait.Until(t, "the next sleep is delayed too", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.inhibitor != nil && l.inhibitors() == 2
	})

	// Close closes the inhibitor although the delay goes on.
	l.prepareForSleep(t, true)
	<-delays
	s.Close()
	l.released(t, 1)
}

// Without a delay, no inhibitor is taken, not even after a sleep.
func TestSleepIsNotDelayed(t *testing.T) {
	l := newService(t, true)
	s, err := Watch(t.Context(), func() {}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l.prepareForSleep(t, true)
	wait.Until(t, "asleep", func() bool { return state(t, s).Asleep })
	l.prepareForSleep(t, false)
	wait.Until(t, "awake", func() bool { return !state(t, s).Asleep })
	if n := l.inhibitors(); n != 0 {
		t.Errorf("%d inhibitors", n)
	}
}

// hangingService owns logind's name and answers nothing.
func hangingService(t *testing.T) {
	t.Helper()
	bustest.Start(t, variable)
	t.Setenv("XDG_SESSION_ID", "")
	conn, err := dbus.Dial(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Auth(nil); err != nil {
		t.Fatal(err)
	}
	if err := conn.Hello(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(service, 0); err != nil {
		t.Fatal(err)
	}
	conn.Eavesdrop(make(chan *dbus.Message, 1)) // it handles no message any more
}

func TestServiceThatHangs(t *testing.T) {
	hangingService(t)
	began := time.Now()
	if _, err := Watch(t.Context(), func() {}, nil); err == nil || time.Since(began) > bus.CallTimeout+2*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began = time.Now()
	if _, err := Watch(ctx, func() {}, nil); err == nil || time.Since(began) > bus.CallTimeout {
		t.Errorf("its context has ended: %v after %v", err, time.Since(began))
	}
}
