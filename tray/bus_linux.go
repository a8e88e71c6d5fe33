package tray

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// watcherName is the service that tray hosts and icons meet at.
//
// Source: https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem
const watcherName = "org.kde.StatusNotifierWatcher"

// host watches whether anything would show an icon, and whether the bus lives.
type host struct {
	conn *dbus.Conn
	done chan struct{}
}

func watchHost(ctx context.Context, tell func(bool)) (*host, error) {
	conn, err := bus.Session(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("tray hosts cannot be followed: %w", err)
	}
	var there bool
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&there); err != nil {
		conn.Close()
		return nil, fmt.Errorf("tray hosts cannot be looked for: %w", err)
	}
	if tell == nil {
		tell = func(bool) {}
	}
	tell(there)
	h := &host{conn: conn, done: make(chan struct{})}
	go func() {
		defer close(h.done)
		for s := range signals {
			if len(s.Body) == 3 && s.Body[0] == watcherName {
				tell(s.Body[2] != "")
			}
		}
	}()
	return h, nil
}

// lost is closed when the bus has gone.
func (h *host) lost() <-chan struct{} { return h.conn.Context().Done() }

func (h *host) close() {
	h.conn.Close()
	<-h.done
}
