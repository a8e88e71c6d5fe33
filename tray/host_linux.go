package tray

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// watcherName is the service with which tray icons and the hosts that show them
// register.
//
// Source: https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem
const watcherName = "org.kde.StatusNotifierWatcher"

// hostWatch follows whether the desktop shows tray icons, over a connection of
// its own, whose end is that of the session bus.
type hostWatch struct {
	conn *dbus.Conn
	done chan struct{}
}

// watchHost calls changed with whether there is a host: once before it returns,
// then with each change. ctx ends the opening only; close ends the rest.
func watchHost(ctx context.Context, again *bus.Reopener, changed func(there bool)) (*hostWatch, error) {
	conn, err := again.Open(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	h := &hostWatch{conn: conn, done: make(chan struct{})}
	signals := bus.Signals(conn)
	there, err := h.ask(ctx)
	if err != nil {
		conn.Close()
		return nil, err
	}
	changed(there)
	go func() {
		defer close(h.done)
		bus.EachSignal(conn, signals, func(s *dbus.Signal) {
			if len(s.Body) == 3 && s.Body[0] == watcherName {
				changed(s.Body[2] != "")
			}
		})
	}()
	return h, nil
}

// ask subscribes to changes and reads the present state.
func (h *hostWatch) ask(ctx context.Context) (there bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	if err := h.conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName)); err != nil {
		return false, fmt.Errorf("the tray host cannot be followed: %w", err)
	}
	there, err = bus.HasOwner(ctx, h.conn, watcherName)
	if err != nil {
		return false, fmt.Errorf("the tray host cannot be looked up: %w", err)
	}
	return there, nil
}

// ended is closed when the session bus has closed the connection.
func (h *hostWatch) ended() <-chan struct{} { return h.conn.Context().Done() }

func (h *hostWatch) close() {
	h.conn.Close()
	<-h.done
}
