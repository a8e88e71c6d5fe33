package graph

import (
	"context"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// WatchKeyring reports, until ctx ends, each time the keyring has become usable:
// its service has appeared, or its collection was unlocked. The channel holds one
// report at most and is never closed. Where the system does not announce this,
// there is never a report.
func WatchKeyring(ctx context.Context) <-chan struct{} {
	ready := make(chan struct{}, 1)
	conn, err := bus.Session(ctx) // closed when ctx ends
	if err != nil {
		return ready
	}
	signals := bus.Signals(conn)
	for _, match := range [][]dbus.MatchOption{
		bus.MatchOwner(secretsName),
		// CollectionCreated and CollectionChanged, and, of the services that do
		// not send them, PropertiesChanged of a collection.
		{dbus.WithMatchInterface(serviceIf), dbus.WithMatchPathNamespace(secretsPath)},
		{dbus.WithMatchInterface(bus.PropertiesInterface), dbus.WithMatchPathNamespace(secretsPath)},
	} {
		if err := conn.AddMatchSignalContext(ctx, match...); err != nil {
			conn.Close()
			return ready
		}
	}
	go bus.EachSignal(conn, signals, func(s *dbus.Signal) {
		// A look at the keyring would start a service that has just ended.
		if ended(s) || readyKeyring(ctx, false) != nil {
			return
		}
		select {
		case ready <- struct{}{}:
		default:
		}
	})
	return ready
}

// ended reports that a signal says that the service has left the bus.
func ended(s *dbus.Signal) bool {
	_, owner, ok := bus.OwnerChange(s)
	return ok && owner == ""
}
