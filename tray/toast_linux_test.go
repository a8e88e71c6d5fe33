package tray

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/wait"
	"heliograph/detect/bus"
)

// TestToastOnTheBus reads what the service gets, clicks a button, and sees the
// toast withdrawn at the end.
func TestToastOnTheBus(t *testing.T) {
	startBus(t)
	d := startDesktop(t)
	toaster := NewToaster(nil, "heliograph", icon(t))
	clicked := make(chan string, 4)
	button := func(name string) Action {
		return Action{ID: name, Label: "Label of " + name, Do: func() { clicked <- name }}
	}
	toaster.Show(Toast{Class: "call", Title: "Title <1>", Body: "Fish & Chips", Link: "https://contoso.example/", Actions: []Action{button("yes"), button("no")}})
	d.able("actions", "body", "body-markup")
	args := d.toast()
	if got := fmt.Sprint(args[:6]); got != "[heliograph 0  Title <1> Fish &amp; Chips [yes Label of yes no Label of no]]" {
		t.Errorf("the service gets %s", got)
	}
	hints, _ := args[6].(map[string]dbus.Variant)
	var img rawImage
	if err := dbus.Store([]any{hints["image-data"].Value()}, &img); err != nil {
		t.Fatal(err)
	}
	if img.Width != 3 || img.Height != 2 || img.Stride != 12 || !img.Alpha || img.Bits != 8 || img.Channels != 4 || !bytes.Equal(img.Data[:4], []byte{200, 100, 50, 128}) {
		t.Errorf("the icon is %+v", img)
	}
	d.emit("ActionInvoked", uint32(99), "yes") // of another program
	d.emit("ActionInvoked", d.ids, "no")
	if got := <-clicked; got != "no" {
		t.Errorf("button %q was clicked", got)
	}
	// The second toast of the class replaces the first one.
	toaster.Show(Toast{Class: "call", Title: "2", Always: true, Actions: []Action{button("later")}})
	if args := d.toast(); args[1] != uint32(1) {
		t.Errorf("the second toast replaces %v", args[1])
	}
	toaster.Show(Toast{Class: "other", Title: "3"})
	if args := d.toast(); args[1] != uint32(0) {
		t.Errorf("a toast of another class replaces %v", args[1])
	}
	d.emit("NotificationClosed", d.ids, uint32(1))
	toaster.Close()
	if c := d.next("CloseNotification"); c.args[0] == d.ids {
		t.Error("a toast without buttons is withdrawn")
	}
	if len(clicked) > 0 {
		t.Errorf("button %q was clicked by nobody", <-clicked)
	}
}

// TestLinkWithoutButtons: where the desktop shows no buttons, the address is
// part of the text.
func TestLinkWithoutButtons(t *testing.T) {
	startBus(t)
	d := startDesktop(t)
	toaster := NewToaster(nil, "heliograph", nil)
	defer toaster.Close()
	toaster.Show(Toast{Title: "Title", Body: "a & b", Link: "https://contoso.example/consent?a=1&b=2", Actions: []Action{{ID: "open", Label: "Open"}}})
	d.able("body")
	if got := d.toast(); got[4] != "a & b\nhttps://contoso.example/consent?a=1&b=2" || len(got[5].([]string)) != 0 {
		t.Errorf("the service gets %q", got)
	}
}

// TestSilentService: a service that accepts calls and never answers delays
// neither the caller nor Close, and is reported in the log.
func TestSilentService(t *testing.T) {
	for _, method := range []string{"GetCapabilities", "Notify"} {
		t.Run(method, func(t *testing.T) {
			startBus(t)
			d := startDesktop(t)
			toaster := NewToaster(nil, "heliograph", nil)
			began := time.Now()
			for i := range 3 * maxQueued {
				toaster.Show(Toast{Class: fmt.Sprint(i), Title: "Title"})
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("showing took %v", took)
			}
			if c := d.next("GetCapabilities"); method == "Notify" {
				c.answer <- []string{}
				d.next("Notify")
			}
			began = time.Now()
			toaster.Close()
			if took := time.Since(began); took > toastTimeout/2 {
				t.Errorf("closing took %v", took)
			}
		})
	}
}

// TestServiceThatComesLate: the toast after a service's silence is shown, over
// a new connection; the silence is one line in the log.
func TestServiceThatComesLate(t *testing.T) {
	startBus(t)
	d := startDesktop(t)
	log, out := logTo()
	toaster := NewToaster(log, "heliograph", nil)
	defer toaster.Close()
	toaster.Show(Toast{Class: "1", Title: "lost"})
	d.next("GetCapabilities")
	toaster.Show(Toast{Class: "2", Title: "lost too"})
	d.next("GetCapabilities")
	toaster.Show(Toast{Class: "3", Title: "shown"})
	d.able()
	if args := d.toast(); args[3] != "shown" {
		t.Errorf("the toast is %q", args[3])
	}
	if n := strings.Count(out.String(), "level=WARN"); n != 1 || !strings.Contains(out.String(), "does not answer") {
		t.Errorf("%d warnings:\n%s", n, out)
	}
}

// TestNoService: without a bus, and without a service on it, the log says so.
func TestNoService(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T){
		"no_service": func(t *testing.T) { startBus(t) },
		"bus_ended":  func(t *testing.T) { startBus(t)() },
		"no_bus": func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
			t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
		},
	} {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			log, out := logTo()
			toaster := NewToaster(log, "heliograph", nil)
			defer toaster.Close()
			toaster.Show(Toast{Title: "Title"})
			wait.Until(t, "the log says so", func() bool { return strings.Contains(out.String(), "toasts cannot be shown") })
		})
	}
}

// TestTrayHostComesAndGoes follows the watcher's name on a real bus.
func TestTrayHostComesAndGoes(t *testing.T) {
	stop := startBus(t)
	changes := make(chan bool, 8)
	again := bus.NewReopener()
	defer again.Close()
	h, err := watchHost(t.Context(), again, func(there bool) { changes <- there })
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	next := func() bool {
		t.Helper()
		select {
		case there := <-changes:
			return there
		case <-time.After(wait.Patience):
			t.Fatal("no change was delivered")
			return false
		}
	}
	if next() {
		t.Error("a host is reported on an empty bus")
	}
	s := serve(t, watcherName, "/StatusNotifierWatcher", watcherName, func(*service) map[string]any { return nil })
	if !next() {
		t.Error("the host is not reported")
	}
	s.conn.Close()
	if next() {
		t.Error("the host has gone and is reported")
	}
	stop()
	select {
	case <-h.ended():
	case <-time.After(wait.Patience):
		t.Error("the end of the bus was not noticed")
	}
}

// TestSilentPortal: a portal that never answers does not keep the icon back,
// and the theme that it sends later counts.
func TestSilentPortal(t *testing.T) {
	startBus(t)
	portal := serve(t, portalName, portalPath, portalSettings, func(s *service) map[string]any {
		return map[string]any{"Read": func(namespace, key string) (dbus.Variant, *dbus.Error) {
			s.ask("Read", namespace, key)
			return dbus.Variant{}, nil
		}}
	})
	theme, err := watchTheme(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := bus.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var owned sync.WaitGroup
	began := time.Now()
	err = theme.follow(conn, &owned)
	if took := time.Since(began); took > bus.CallTimeout+3*time.Second {
		t.Errorf("it took %v", took)
	}
	if err != nil || !theme.dark() {
		t.Fatalf("dark is %v, %v", theme.dark(), err)
	}
	if c := portal.next("Read"); c.args[1] != "color-scheme" {
		t.Errorf("the portal is called with %v", c.args)
	}
	if err := portal.conn.Emit(portalPath, portalSettings+".SettingChanged", appearance, "color-scheme", dbus.MakeVariant(uint32(preferLight))); err != nil {
		t.Fatal(err)
	}
	select {
	case <-theme.changed():
	case <-time.After(wait.Patience):
		t.Fatal("the change was not delivered")
	}
	if theme.dark() {
		t.Error("the desktop is light")
	}
	conn.Close()
	owned.Wait() // nothing of it outlives the connection
}

// TestProbes asks the same services once, as doctor does.
func TestProbes(t *testing.T) {
	startBus(t)
	if _, err := ProbeHost(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing on this desktop shows tray icons") {
		t.Errorf("without a host: %v", err)
	}
	var shown atomic.Bool
	serve(t, watcherName, "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties", func(*service) map[string]any {
		return map[string]any{"Get": func(iface, name string) (dbus.Variant, *dbus.Error) {
			return dbus.MakeVariant(shown.Load() && iface == watcherName && name == "IsStatusNotifierHostRegistered"), nil
		}}
	})
	if _, err := ProbeHost(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing shows them") {
		t.Errorf("with a watcher alone: %v", err)
	}
	shown.Store(true)
	if backend, err := ProbeHost(t.Context()); err != nil || backend != watcherName {
		t.Errorf("with a host: %q, %v", backend, err)
	}
	startDesktop(t)
	if backend, err := ProbeToast(t.Context()); err != nil || backend != "dunst 1.9" {
		t.Errorf("toasts: %q, %v", backend, err)
	}
}

// TestLibraryErrors turns the lines of the tray library into sentences of the
// log, and passes the lines of others.
func TestLibraryErrors(t *testing.T) {
	log, out := logTo()
	var others bytes.Buffer
	hosted := false
	l := &libraryLog{log: log, hosted: func() bool { return hosted }, others: &others}
	lines := []string{
		"2026/11/24 12:00:00 systray error: failed to register: The name org.kde.StatusNotifierWatcher was not provided\n",
		"2026/11/24 12:00:01 systray error: failed to set ToolTip prop: broken\n",
		"2026/11/24 12:00:02 systray error: failed to set ToolTip prop: broken\n",
		"2026/11/24 12:00:03 http: something else\n",
	}
	for _, line := range lines {
		if n, err := l.Write([]byte(line)); err != nil || n != len(line) {
			t.Errorf("%d, %v", n, err)
		}
	}
	if got := others.String(); got != lines[3] {
		t.Errorf("standard error gets %q", got)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		_, text, _ := strings.Cut(line, "level=")
		got = append(got, strings.TrimSpace(text))
	}
	if want := []string{`WARN msg="the tray icon or its menu may be out of date" error="failed to set ToolTip prop: broken"`}; !slices.Equal(got, want) {
		t.Errorf("the log is %q", got)
	}
	hosted = true
	if _, err := l.Write([]byte(lines[0])); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "the desktop did not accept the tray icon") {
		t.Errorf("the log is %s", out)
	}
}
