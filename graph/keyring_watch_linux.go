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
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, secretsName)},
		// CollectionCreated and CollectionChanged, and, of the services that do
		// not send them, PropertiesChanged of a collection.
		{dbus.WithMatchInterface(serviceIf), dbus.WithMatchPathNamespace(secretsPath)},
		{dbus.WithMatchInterface("org.freedesktop.DBus.Properties"), dbus.WithMatchPathNamespace(secretsPath)},
	} {
		if err := conn.AddMatchSignalContext(ctx, match...); err != nil {
			conn.Close()
			return ready
		}
	}
	go func() {
		for s := range signals {
			// A look at the keyring would start a service that has just ended.
			if ended(s) || readyKeyring(ctx, false) != nil {
				continue
			}
			select {
			case ready <- struct{}{}:
			default:
			}
		}
	}()
	return ready
}

// ended reports that a signal says that the service has left the bus.
func ended(s *dbus.Signal) bool {
	var name, former, owner string
	return s.Name == "org.freedesktop.DBus.NameOwnerChanged" && dbus.Store(s.Body, &name, &former, &owner) == nil && owner == ""
}
