//go:build unix

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"

	"github.com/godbus/dbus/v5"
)

// endWithStacks ends a process, which prints the stack of each goroutine, and
// returns how many there were.
func endWithStacks(t *testing.T, app *lab.Process) int {
	t.Helper()
	app.Signal(syscall.SIGQUIT)
	if !app.EndsWithin(wait.Patience) {
		t.Fatal("it does not end")
	}
	n := strings.Count(app.Output(), "\ngoroutine ")
	if n == 0 {
		t.Fatalf("no stacks are printed: %s", app.Output())
	}
	return n
}

// goroutineNoise is how many goroutines may come and go: timers, a request under
// way, a connection that is being closed.
const goroutineNoise = 6

// checkGoroutines ends a process, and fails the test if it has more goroutines
// than one that has just started.
func checkGoroutines(t *testing.T, app *lab.Process, fresh int) {
	t.Helper()
	n := endWithStacks(t, app)
	t.Logf("%d goroutines, %d in a fresh process", n, fresh)
	if n > fresh+goroutineNoise {
		t.Errorf("%d goroutines, %d in a fresh process", n, fresh)
	}
}

// again kills logind and starts it anew, with one session.
func (m *mockLogind) again(now *lab.Process) *lab.Process {
	m.t.Helper()
	if now == nil {
		killPart(m.t, "LOGIND")
	} else {
		now.Kill()
	}
	wait.Until(m.t, "logind is gone", func() bool { return !m.owned() })
	now = lab.Start(m.t, nil, "/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind")
	wait.Until(m.t, "logind is back", m.owned)
	m.call(login1Path, mockControl+".AddSession", "c1", "seat0", uint32(os.Getuid()), "user", true)
	return now
}

// runtimeOf returns the runtime folder of a person's heliograph, where it looks
// for the sockets of servers.
func runtimeOf(p *lab.Person) string {
	for _, v := range p.Env {
		if dir, ok := strings.CutPrefix(v, "XDG_RUNTIME_DIR="); ok {
			return dir
		}
	}
	return ""
}

func (m *mockLogind) owned() (there bool) {
	m.t.Helper()
	if err := m.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, login1).Store(&there); err != nil {
		m.t.Fatal(err)
	}
	return there
}

// TestLogindRestartsAHundredTimes: logind is killed and back a hundred times, and
// heliograph delays its sleep each time. A compositor's socket has it look at once;
// without one its pauses grow.
func TestLogindRestartsAHundredTimes(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-l", "-n", "audio")
	p, first := running(t, "1h")
	m := newMockLogind(t)
	wait.Until(t, "sleep is delayed", m.delayed)
	fresh := endWithStacks(t, first)
	app := p.Command("run")
	wait.Until(t, "sleep is delayed", m.delayed)
	run := runtimeOf(p)
	var before usage
	var logind *lab.Process
	began := time.Now()
	for n := range 110 {
		if n == 10 {
			before = usageOf(t, app)
		}
		logind = m.again(logind)
		socket := filepath.Join(run, "wayland-"+strconv.Itoa(900+n))
		if err := os.WriteFile(socket, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		wait.Until(t, "sleep is delayed again", m.delayed)
		if err := os.Remove(socket); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%v for each", (time.Since(began) / 110).Round(time.Millisecond))
	m.session("LockedHint", true)
	wait.Until(t, "the lock is seen", func() bool { return p.Emu.Shows("Away/Away") }) // and garbage is collected
	m.session("LockedHint", false)
	wait.Until(t, "the end of the lock is seen", func() bool { return p.Emu.Shows("Available/Available") })
	checkGrowth(t, app, before)
	checkGoroutines(t, app, fresh)
}

// TestServicesThatNeverAnswer: the services are stopped and go on eight times, and
// each time everything asks them. Nothing of the requests that were given up is
// left.
func TestServicesThatNeverAnswer(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-l")
	p, first := running(t, "1h")
	p.Command("doctor").Wait()
	fresh := endWithStacks(t, first)
	app := p.Command("run")
	wait.Until(t, "the sign-in is restored", func() bool { return p.Command("status").Wait() == 0 })
	var before usage
	for n := range 8 {
		if n == 2 {
			before = usageOf(t, app)
		}
		thaw := frozenParts(t, "DUNST", "KEYRING", "PULSE", "LOGIND")
		p.Command("run").Wait() // shows a toast
		endsWithin(t, p.Command("doctor"), commandWithin)
		thaw()
		wait.Until(t, "the keyring answers again", keyringAnswers)
	}
	p.Do("set", "busy")
	wait.Until(t, "Busy is set", func() bool { return p.Emu.Shows("Busy/Busy") })
	checkGrowth(t, app, before)
	checkGoroutines(t, app, fresh)
}

// answerGarbage takes the place of the notification service and the keyring, whose
// answers have other types than those that are expected.
func answerGarbage(t *testing.T) {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	number := func() (int32, *dbus.Error) { return 7, nil }
	variant := func(string, string) (dbus.Variant, *dbus.Error) { return dbus.MakeVariant([]byte("garbage")), nil }
	for _, e := range []struct {
		path    dbus.ObjectPath
		face    string
		methods map[string]any
	}{
		{"/org/freedesktop/Notifications", "org.freedesktop.Notifications", map[string]any{"GetServerInformation": number, "GetCapabilities": number}},
		{"/org/freedesktop/secrets", "org.freedesktop.DBus.Properties", map[string]any{"Get": variant}},
		{"/org/freedesktop/secrets/aliases/default", "org.freedesktop.DBus.Properties", map[string]any{"Get": variant}},
	} {
		if err := conn.ExportMethodTable(e.methods, e.path, e.face); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"org.freedesktop.Notifications", "org.freedesktop.secrets"} {
		wait.Until(t, name+" is ours", func() bool {
			reply, err := conn.RequestName(name, dbus.NameFlagReplaceExisting|dbus.NameFlagDoNotQueue)
			return err == nil && reply == dbus.RequestNameReplyPrimaryOwner
		})
	}
}

// TestGarbageFromServicesAHundredTimes: the notification service, the keyring and
// the sound server answer with what nobody can read, a hundred times.
func TestGarbageFromServicesAHundredTimes(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-l")
	p, first := running(t, "1h")
	p.Command("doctor").Wait()
	fresh := endWithStacks(t, first)
	app := p.Command("run")
	wait.Until(t, "the sign-in is restored", func() bool { return p.Command("status").Wait() == 0 })
	for _, part := range []string{"DUNST", "KEYRING", "PULSE"} {
		killPart(t, part)
	}
	answerGarbage(t)
	socket := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "pulse", "native")
	var before usage
	for n := range 110 {
		if n == 10 {
			before = usageOf(t, app)
		}
		answerOnce(t, socket)
		p.Command("run").Wait() // shows a toast
		doctor := p.Command("doctor")
		if doctor.Wait(); !strings.Contains(doctor.Output(), "no notification service answers") {
			t.Fatalf("garbage is accepted:\n%s", doctor.Output())
		}
	}
	p.Do("set", "busy")
	wait.Until(t, "Busy is set", func() bool { return p.Emu.Shows("Busy/Busy") })
	checkGrowth(t, app, before)
	checkGoroutines(t, app, fresh)
}

// answerOnce listens as a sound server, and answers the first connection with
// garbage.
func answerOnce(t *testing.T, socket string) {
	t.Helper()
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := ln.(*net.UnixListener).SetDeadline(time.Now().Add(wait.Patience)); err != nil {
		t.Fatal(err)
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatalf("heliograph does not look for the sound server: %v", err)
	}
	_, _ = conn.Write([]byte(strings.Repeat("garbage", 64))) // it may have closed already
	conn.Close()
}
