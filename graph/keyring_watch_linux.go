package graph

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
	"heliograph/detect/latest"
)

// WatchKeyring reports, until ctx ends, each time the keyring has become usable:
// its service has appeared, or its collection was unlocked, also on a session bus
// that has ended and is back. The channel holds one report at most and is never
// closed. Where the system does not announce this, there is never a report.
func WatchKeyring(ctx context.Context) <-chan struct{} {
	ready := make(chan struct{}, 1)
	again := bus.NewReopener()
	w, err := openKeyringWatch(ctx, again) // before the caller looks at the keyring
	go func() {
		defer again.Close()
		for {
			if err == nil {
				w.run(ctx, ready)
				err = errBusEnded
			}
			again.Failed(err)
			select {
			case <-again.C():
			case <-ctx.Done():
				return
			}
			if w, err = openKeyringWatch(ctx, again); err == nil && w.hasService(ctx) {
				report(ctx, ready) // what happened meanwhile
			}
		}
	}()
	return ready
}

// errBusEnded is why a watch has ended.
var errBusEnded = errors.New("the session bus has ended")

// keyringWatch follows the signals of the keyring's service.
type keyringWatch struct {
	conn    *dbus.Conn // closed when the context of its opening ends
	signals <-chan *dbus.Signal
}

func openKeyringWatch(ctx context.Context, again *bus.Reopener) (*keyringWatch, error) {
	conn, err := again.Open(ctx)
	if err != nil {
		return nil, err
	}
	w := &keyringWatch{conn, bus.Signals(conn)}
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	for _, match := range [][]dbus.MatchOption{
		bus.MatchOwner(secretsName),
		// CollectionCreated and CollectionChanged, and, of the services that do
		// not send them, PropertiesChanged of a collection.
		{dbus.WithMatchInterface(serviceIf), dbus.WithMatchPathNamespace(secretsPath)},
		{dbus.WithMatchInterface(bus.PropertiesInterface), dbus.WithMatchPathNamespace(secretsPath)},
	} {
		if err := conn.AddMatchSignalContext(ctx, match...); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return w, nil
}

// hasService reports whether a keyring runs; to ask it would start one.
func (w *keyringWatch) hasService(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	there, err := bus.HasOwner(ctx, w.conn, secretsName)
	return err == nil && there
}

// run reports until the connection ends.
func (w *keyringWatch) run(ctx context.Context, ready chan<- struct{}) {
	bus.EachSignal(w.conn, w.signals, func(s *dbus.Signal) {
		if !ended(s) { // a look would start a service that has just ended
			report(ctx, ready)
		}
	})
	w.conn.Close()
}

// report notifies if the keyring is usable.
func report(ctx context.Context, ready chan<- struct{}) {
	if readyKeyring(ctx, false) == nil {
		latest.Notify(ready)
	}
}

// ended reports that a signal says that the service has left the bus.
func ended(s *dbus.Signal) bool {
	_, owner, ok := bus.OwnerChange(s)
	return ok && owner == ""
}
