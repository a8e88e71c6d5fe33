package tray

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/wait"
	"heliograph/detect/bus"
	"heliograph/detect/bus/bustest"
)

// startBus starts a session bus for one test, and returns what ends it earlier.
func startBus(t *testing.T) (stop func()) {
	t.Helper()
	return bustest.Start(t, "DBUS_SESSION_BUS_ADDRESS").Stop
}

// call is one call to a service that the test plays. The caller waits until the
// test answers, or for ever.
type call struct {
	method string
	args   []any
	answer chan any
}

// service is what the test plays on the bus.
type service struct {
	t     *testing.T
	conn  *dbus.Conn
	calls chan call
}

// serve owns a name, with methods at one object. Each method is a function that
// passes its arguments to ask.
func serve(t *testing.T, name string, path dbus.ObjectPath, iface string, methods func(*service) map[string]any) *service {
	t.Helper()
	conn, err := bus.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := &service{t: t, conn: conn, calls: make(chan call, 64)}
	if err := conn.ExportMethodTable(methods(s), path, iface); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return s
}

// ask passes a call to the test and returns its answer.
func (s *service) ask(method string, args ...any) any {
	c := call{method, args, make(chan any, 1)}
	s.calls <- c
	select {
	case v := <-c.answer:
		return v
	case <-s.conn.Context().Done():
		return nil
	}
}

// next waits for a call of the method.
func (s *service) next(method string) call {
	s.t.Helper()
	select {
	case c := <-s.calls:
		if c.method != method {
			s.t.Fatalf("%s was called, want %s", c.method, method)
		}
		return c
	case <-time.After(wait.Patience):
		s.t.Fatalf("%s was never called", method)
		return call{}
	}
}

// desktop is a notification service that the test plays.
type desktop struct {
	*service
	ids uint32 // numbers the toasts
}

func startDesktop(t *testing.T) *desktop {
	t.Helper()
	return &desktop{service: serve(t, notifyName, notifyPath, notifyName, func(s *service) map[string]any {
		return map[string]any{
			"GetCapabilities": func() ([]string, *dbus.Error) {
				able, _ := s.ask("GetCapabilities").([]string)
				return able, nil
			},
			"Notify": func(name string, replaces uint32, icon, title, body string, actions []string, hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
				id, _ := s.ask("Notify", name, replaces, icon, title, body, actions, hints, expire).(uint32)
				return id, nil
			},
			"CloseNotification": func(id uint32) *dbus.Error {
				s.ask("CloseNotification", id)
				return nil
			},
			"GetServerInformation": func() (string, string, string, string, *dbus.Error) {
				return "dunst", "knopwob", "1.9", "1.2", nil
			},
		}
	})}
}

// able waits for the question for the service's capabilities, and answers.
func (d *desktop) able(capabilities ...string) {
	d.t.Helper()
	d.next("GetCapabilities").answer <- capabilities
}

// toast waits for a toast, and answers.
func (d *desktop) toast() []any {
	d.t.Helper()
	c := d.next("Notify")
	d.ids++
	c.answer <- d.ids
	return c.args
}

func (d *desktop) emit(signal string, body ...any) {
	d.t.Helper()
	if err := d.conn.Emit(notifyPath, notifyName+"."+signal, body...); err != nil {
		d.t.Fatal(err)
	}
}

func icon(t *testing.T) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	img.Set(0, 0, color.NRGBA{200, 100, 50, 128})
	var raw bytes.Buffer
	if err := png.Encode(&raw, img); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}

// logTo returns a logger whose lines the test reads.
func logTo() (*slog.Logger, *lockedBuffer) {
	b := &lockedBuffer{}
	return slog.New(slog.NewTextHandler(b, nil)), b
}

type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
