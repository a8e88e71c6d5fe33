package outlets

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/wait"
	"heliograph/detect/bus"
	"heliograph/detect/bus/bustest"
	"heliograph/tray/control"
)

// startBus starts a private session bus for this process, until the test ends.
func startBus(t *testing.T) *bustest.Daemon {
	t.Helper()
	for _, name := range []string{"gdbus", "dbus-send"} {
		if _, err := exec.LookPath(name); err != nil {
			skipWithout(t, name+": apt-get install dbus-bin libglib2.0-bin")
		}
	}
	return bustest.Start(t, "DBUS_SESSION_BUS_ADDRESS")
}

// run returns what a command prints, after its error if it fails.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// property reads one property as gdbus prints it.
func property(t *testing.T, name string) string {
	t.Helper()
	return run(t, "gdbus", "call", "--session", "-d", BusName, "-o", string(busPath), "-m", propertiesInterface+".Get", busInterface, name)
}

// newOnBus starts a hub with the service and waits until it is on the bus.
func newOnBus(t *testing.T) *Hub {
	t.Helper()
	h, _ := newHub(t, Options{Bus: true})
	wait.Until(t, "it is on the bus", func() bool { return h.Parts()[0].Value == "other programs can ask" })
	return h
}

func TestBusAnswersOtherPrograms(t *testing.T) {
	startBus(t)
	h := newOnBus(t)
	if got := property(t, "InCall"); got != "(<false>,)" {
		t.Errorf("before the first state InCall is %s", got)
	}
	h.Publish(inCall())
	wait.Until(t, "InCall is read", func() bool { return property(t, "InCall") == "(<true>,)" })
	for name, want := range map[string]string{"State": "(<'Busy'>,)", "Activity": "(<'InACall'>,)", "Reason": "(<'Zoom is in a call since 12:01'>,)",
		"CallApp": "(<'Zoom'>,)", "Locked": "(<false>,)", "Idle": "(<false>,)", "Since": fmt.Sprintf("(<int64 %d>,)", inCall().Since.Unix())} {
		if got := property(t, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	all := run(t, "dbus-send", "--session", "--print-reply", "--dest="+BusName, string(busPath), propertiesInterface+".GetAll", "string:"+busInterface)
	for name := range propertiesOf(control.State{}) {
		if !strings.Contains(all, `"`+name+`"`) {
			t.Errorf("GetAll lacks %s:\n%s", name, all)
		}
	}
	for what, got := range map[string]string{
		"PropertyNotFound":  property(t, "Account"),
		"InterfaceNotFound": run(t, "gdbus", "call", "--session", "-d", BusName, "-o", string(busPath), "-m", propertiesInterface+".Get", "org.example.Other", "State"),
		"ReadOnly":          run(t, "gdbus", "call", "--session", "-d", BusName, "-o", string(busPath), "-m", propertiesInterface+".Set", busInterface, "InCall", "<false>"),
	} {
		if !strings.Contains(got, what) {
			t.Errorf("want %s, got %s", what, got)
		}
	}
}

// TestBusStatusObeysTheSchema reads the whole state as another program does.
func TestBusStatusObeysTheSchema(t *testing.T) {
	startBus(t)
	h := newOnBus(t)
	h.Publish(inCall())
	wait.Until(t, "InCall is read", func() bool { return property(t, "InCall") == "(<true>,)" })
	conn, err := bus.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var v dbus.Variant
	if err := conn.Object(BusName, busPath).CallWithContext(t.Context(), propertiesInterface+".Get", 0, busInterface, "StatusJson").Store(&v); err != nil {
		t.Fatal(err)
	}
	text, _ := v.Value().(string)
	checkState(t, []byte(text), inCall(), false)
}

// TestBusThatHangs stops the bus without ending it, as a debugger would, while
// states go on: the outlet does not wait for it, and Close is not delayed.
func TestBusThatHangs(t *testing.T) {
	d := startBus(t)
	h := newOnBus(t)
	if err := d.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s := inCall()
	s.Reason.Text = strings.Repeat("x", 64<<10) // a socket's buffer is soon full
	wait.Until(t, "the problem shows", func() bool {
		s = withRule(s, s.Reason.Rule+"+")
		h.Publish(s)
		return strings.Contains(h.Parts()[0].Problem, "was not signalled")
	})
	closeNow(t, h)
}

func TestBusDescribesItself(t *testing.T) {
	startBus(t)
	newOnBus(t)
	xml := run(t, "gdbus", "introspect", "--session", "-d", BusName, "-o", string(busPath))
	for _, want := range []string{"interface " + busInterface, "readonly b InCall", "readonly s State", "readonly s Reason", "readonly x Since", "readonly s StatusJson", "Changed(s state,", "interface " + propertiesInterface} {
		if !strings.Contains(xml, want) {
			t.Errorf("no %q in\n%s", want, xml)
		}
	}
}

// TestBusSignalsChanges listens as another program would.
func TestBusSignalsChanges(t *testing.T) {
	startBus(t)
	h := newOnBus(t)
	h.Publish(available())
	wait.Until(t, "the first state is there", func() bool { return property(t, "State") == "(<'Available'>,)" })
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.AddMatchSignal(dbus.WithMatchObjectPath(busPath)); err != nil {
		t.Fatal(err)
	}
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals)
	next := func() *dbus.Signal {
		t.Helper()
		select {
		case s := <-signals:
			return s
		case <-time.After(wait.Patience):
			t.Fatal("no signal")
			return nil
		}
	}
	typing := available()
	typing.Activity.LastInput = ptr(noon.Add(time.Second))
	h.Publish(typing) // no signal
	h.Publish(inCall())
	changed := next()
	props, _ := changed.Body[1].(map[string]dbus.Variant)
	if changed.Name != propertiesInterface+".PropertiesChanged" || changed.Body[0] != busInterface || props["InCall"].Value() != true || props["CallApp"].Value() != "Zoom" {
		t.Errorf("got %+v", changed)
	}
	if _, ok := props["Locked"]; ok {
		t.Errorf("what did not change was signalled: %v", props)
	}
	if s := next(); s.Name != busInterface+".Changed" || fmt.Sprint(s.Body) != "[Busy InACall Zoom is in a call since 12:01 true]" {
		t.Errorf("got %+v", s)
	}
	h.Publish(available())
	next()
	if s := next(); s.Body[3] != false || len(signals) > 0 {
		t.Errorf("got %+v, and %d more", s, len(signals))
	}
}

func TestBusNameIsReleased(t *testing.T) {
	startBus(t)
	h := newOnBus(t)
	second := New(Options{Bus: true})
	wait.Until(t, "a second one says why it fails", func() bool { return strings.Contains(second.Parts()[0].Problem, "another program has the name") })
	second.Close(t.Context())
	h.Close(t.Context())
	wait.Until(t, "the name is gone", func() bool { return strings.Contains(property(t, "State"), "ServiceUnknown") })
}

// TestBusNameIsFreeAfterClose: changed settings open the service again right
// after Close, and find the name free.
func TestBusNameIsFreeAfterClose(t *testing.T) {
	startBus(t)
	conn, err := bus.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 20 {
		newOnBus(t).Close(t.Context())
		var owned bool
		if err := conn.BusObject().CallWithContext(t.Context(), "org.freedesktop.DBus.NameHasOwner", 0, BusName).Store(&owned); err != nil || owned {
			t.Fatalf("the name is taken: %v, %v", owned, err)
		}
	}
}

func TestBusEnds(t *testing.T) {
	d := startBus(t)
	h := newOnBus(t)
	d.Stop()
	wait.Until(t, "the problem shows", func() bool { return strings.Contains(h.Parts()[0].Problem, "the session bus ended") })
	d.Again(t)
	wait.Until(t, "it is on the bus that is back", func() bool { return property(t, "InCall") == "(<false>,)" })
	h.Publish(inCall())
	wait.Until(t, "the call is read", func() bool { return property(t, "InCall") == "(<true>,)" })
}

func TestNoBus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	h := New(Options{Bus: true})
	h.Publish(inCall())
	wait.Until(t, "the problem shows", func() bool { return h.Parts()[0].Problem == "there is no session bus" })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.Close(ctx)
}

// TestBusStringsAreValid: a name that D-Bus does not accept does not end the
// connection.
func TestBusStringsAreValid(t *testing.T) {
	startBus(t)
	h := newOnBus(t)
	s := inCall()
	s.Activity.Call = ptr("a\x00b\xff\u00fc")
	h.Publish(s)
	wait.Until(t, "it is there", func() bool { return property(t, "CallApp") == "(<'ab\ufffd\u00fc'>,)" })
}
