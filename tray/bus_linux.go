package tray

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// signalsOf makes a connection deliver its signals to a channel, from now on.
func signalsOf(conn *dbus.Conn) <-chan *dbus.Signal {
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals)
	return signals
}

// readSignals handles each signal until the connection ends. godbus closes the
// channels of a connection that ends, but not one that was registered on a
// connection that had ended already: so the connection is watched too.
func readSignals(conn *dbus.Conn, signals <-chan *dbus.Signal, handle func(*dbus.Signal)) {
	for {
		select {
		case s, ok := <-signals:
			if !ok {
				return
			}
			handle(s)
		case <-conn.Context().Done():
			return
		}
	}
}

// hasOwner reports whether a program serves a bus name now. It does not start a
// program.
func hasOwner(ctx context.Context, conn *dbus.Conn, name string) (there bool, err error) {
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there)
	return there, err
}
