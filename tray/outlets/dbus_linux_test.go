package outlets

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// busSettings allow everything to everybody who reaches the socket, as a
// session bus does.
const busSettings = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// newDaemon starts a private session bus, which stop ends.
func newDaemon(t *testing.T) (stop func()) {
	t.Helper()
	for _, name := range []string{"dbus-daemon", "gdbus", "dbus-send"} {
		if _, err := exec.LookPath(name); err != nil {
			without(t, name+": apt-get install dbus-daemon dbus-bin libglib2.0-bin")
		}
	}
	dir, err := os.MkdirTemp("", "bus") // short: a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busSettings, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	cmd.Stderr = t.Output()
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(pipe)
	if !lines.Scan() {
		t.Fatal("dbus-daemon tells no address")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", lines.Text())
	stop = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(stop)
	return stop
}

func ask(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func property(t *testing.T, name string) string {
	t.Helper()
	return ask(t, "gdbus", "call", "--session", "-d", BusName, "-o", string(busPath), "-m", propertiesIf+".Get", busInterface, name)
}

func onBus(t *testing.T) *Hub {
	t.Helper()
	log, out := logger()
	h := New(Options{Log: log, Bus: true})
	t.Cleanup(func() {
		h.Close(t.Context())
		if t.Failed() {
			t.Logf("parts %+v\n%s", h.Parts(), out)
		}
	})
	eventually(t, "it is on the bus", func() bool { return h.Parts()[0].Value == "other programs can ask" })
	return h
}

func TestBusAnswersOtherPrograms(t *testing.T) {
	newDaemon(t)
	h := onBus(t)
	if got := property(t, "InCall"); got != "(<false>,)" {
		t.Errorf("before the first state InCall is %s", got)
	}
	h.Publish(inCall())
	eventually(t, "InCall is read", func() bool { return property(t, "InCall") == "(<true>,)" })
	for name, want := range map[string]string{"State": "(<'Busy'>,)", "Activity": "(<'InACall'>,)", "Reason": "(<'Zoom is in a call since 12:01'>,)",
		"CallApp": "(<'Zoom'>,)", "Locked": "(<false>,)", "Idle": "(<false>,)", "Since": fmt.Sprintf("(<int64 %d>,)", inCall().Since.Unix())} {
		if got := property(t, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	all := ask(t, "dbus-send", "--session", "--print-reply", "--dest="+BusName, string(busPath), propertiesIf+".GetAll", "string:"+busInterface)
	for _, p := range properties {
		if !strings.Contains(all, `"`+p.Name+`"`) {
			t.Errorf("GetAll lacks %s:\n%s", p.Name, all)
		}
	}
	for what, got := range map[string]string{
		"PropertyNotFound":  property(t, "Account"),
		"InterfaceNotFound": ask(t, "gdbus", "call", "--session", "-d", BusName, "-o", string(busPath), "-m", propertiesIf+".Get", "org.example.Other", "State"),
		"ReadOnly":          ask(t, "gdbus", "call", "--session", "-d", BusName, "-o", string(busPath), "-m", propertiesIf+".Set", busInterface, "InCall", "<false>"),
	} {
		if !strings.Contains(got, what) {
			t.Errorf("want %s, got %s", what, got)
		}
	}
}

func TestBusDescribesItself(t *testing.T) {
	newDaemon(t)
	onBus(t)
	xml := ask(t, "gdbus", "introspect", "--session", "-d", BusName, "-o", string(busPath))
	for _, want := range []string{"interface " + busInterface, "readonly b InCall", "readonly s State", "readonly s Reason", "readonly x Since", "Changed(s state,", "interface " + propertiesIf} {
		if !strings.Contains(xml, want) {
			t.Errorf("no %q in\n%s", want, xml)
		}
	}
}

// TestBusTellsChanges listens as another program would.
func TestBusTellsChanges(t *testing.T) {
	newDaemon(t)
	h := onBus(t)
	h.Publish(available())
	eventually(t, "the first state is there", func() bool { return property(t, "State") == "(<'Available'>,)" })
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
		case <-time.After(patience):
			t.Fatal("no signal")
			return nil
		}
	}
	typing := available()
	typing.Activity.LastInput = noon.Add(1e9)
	h.Publish(typing) // nobody is told
	h.Publish(inCall())
	changed := next()
	props, _ := changed.Body[1].(map[string]dbus.Variant)
	if changed.Name != propertiesIf+".PropertiesChanged" || changed.Body[0] != busInterface || props["InCall"].Value() != true || props["CallApp"].Value() != "Zoom" {
		t.Errorf("got %+v", changed)
	}
	if _, ok := props["Locked"]; ok {
		t.Errorf("what did not change was told: %v", props)
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

func TestBusNameGoesWithUs(t *testing.T) {
	newDaemon(t)
	h := onBus(t)
	second := New(Options{Bus: true})
	eventually(t, "a second one says why", func() bool { return strings.Contains(second.Parts()[0].Problem, "another program has the name") })
	second.Close(t.Context())
	h.Close(t.Context())
	eventually(t, "the name is gone", func() bool { return strings.Contains(property(t, "State"), "ServiceUnknown") })
}

func TestBusGoesAway(t *testing.T) {
	stop := newDaemon(t)
	h := onBus(t)
	stop()
	eventually(t, "the problem shows", func() bool { return strings.Contains(h.Parts()[0].Problem, "went away") })
	h.Publish(inCall())
	h.Close(t.Context())
}

func TestNoBus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	h := New(Options{Bus: true})
	h.Publish(inCall())
	eventually(t, "the problem shows", func() bool { return h.Parts()[0].Problem == "there is no session bus" })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.Close(ctx)
}

// TestBusText keeps a name that D-Bus does not take from ending the connection.
func TestBusText(t *testing.T) {
	newDaemon(t)
	h := onBus(t)
	s := inCall()
	s.Activity.Call = "a\x00b\xff\u00fc"
	h.Publish(s)
	eventually(t, "it is told", func() bool { return property(t, "CallApp") == "(<'ab\ufffd\u00fc'>,)" })
}
