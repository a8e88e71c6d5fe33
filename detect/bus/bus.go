// Package bus opens private D-Bus connections. Every part of heliograph that
// speaks D-Bus itself has a connection of its own: the connection that godbus
// shares within a process belongs to the tray and keyring libraries, which
// break when other code adds match rules or receives signals there.
//
// It refuses to start a bus: without one it returns an error, where godbus
// would run dbus-launch.
package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/godbus/dbus/v5"
)

// ErrNoSession reports that this process has no session bus: it runs outside
// of a desktop session.
var ErrNoSession = errors.New("there is no session bus")

// ErrNoSystem reports that the computer has no system bus.
var ErrNoSystem = errors.New("there is no system bus")

// HaveSession reports whether there is the address of a session bus. It does
// not connect.
//
// Source: https://dbus.freedesktop.org/doc/dbus-specification.html, "Well-known
// message bus instances"; https://systemd.io/DESKTOP_ENVIRONMENTS for the
// socket in XDG_RUNTIME_DIR, which godbus looks for too.
func HaveSession() bool {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "bus"))
	return err == nil
}

// openTimeout bounds a connection's opening: a bus on the same computer answers
// within milliseconds, and godbus itself waits without limit.
const openTimeout = 3 * time.Second

// CallTimeout is the usual bound of one method call: services of the desktop
// answer at once, and may first have to be started by the bus.
const CallTimeout = 3 * time.Second

// Session connects to the session bus. The connection is closed when ctx ends;
// opening it takes three seconds at most. It returns ErrNoSession where there
// is no bus.
func Session(ctx context.Context) (*dbus.Conn, error) {
	if !HaveSession() {
		return nil, ErrNoSession
	}
	return open(ctx, "session", dbus.ConnectSessionBus)
}

// System connects to the system bus. The connection is closed when ctx ends;
// opening it takes three seconds at most. It returns ErrNoSystem where there is
// no bus.
func System(ctx context.Context) (*dbus.Conn, error) {
	if os.Getenv("DBUS_SYSTEM_BUS_ADDRESS") == "" {
		if _, err := os.Stat("/run/dbus/system_bus_socket"); err != nil {
			return nil, ErrNoSystem
		}
	}
	return open(ctx, "system", dbus.ConnectSystemBus)
}

func open(ctx context.Context, name string, connect func(...dbus.ConnOption) (*dbus.Conn, error)) (*dbus.Conn, error) {
	// The end of the connection's context closes it, which ends an opening that
	// hangs.
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(openTimeout, cancel)
	conn, err := connect(dbus.WithContext(ctx))
	late := !timer.Stop()
	switch {
	case err == nil && !late:
		context.AfterFunc(conn.Context(), cancel)
		return conn, nil
	case err == nil:
		conn.Close()
		fallthrough
	case late:
		err = context.DeadlineExceeded
	}
	cancel()
	return nil, fmt.Errorf("the %s bus does not answer: %w", name, err)
}
