// Package desktop reads the services that desktops offer on the session bus:
// the idle monitor of GNOME's compositor, screen savers, and the requests of
// programs to stay awake. It turns D-Bus messages into values and never judges
// them. It starts no service: one that does not run is not asked.
package desktop

import (
	"context"
	"errors"
	"sync"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// errBusGone is the error of every watch whose connection has ended.
var errBusGone = errors.New("the session bus went away")

// watch is a connection with its signals; Mutter, Savers and Inhibitors have
// one each.
type watch struct {
	conn *dbus.Conn
	done chan struct{}

	mu  sync.Mutex // guards the state of the service too
	err error
}

// open connects to the session bus and has start subscribe and read. From then
// on it calls signal for each signal, and changed after each.
func (w *watch) open(ctx context.Context, changed func(), start func(context.Context) error, signal func(context.Context, *dbus.Signal) error) error {
	conn, err := bus.Session(ctx)
	if err != nil {
		return err
	}
	w.conn, w.done = conn, make(chan struct{})
	signals := bus.Signals(conn)
	starting, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	if err := start(starting); err != nil {
		conn.Close()
		return err
	}
	go func() {
		defer close(w.done)
		bus.EachSignal(conn, signals, func(s *dbus.Signal) {
			ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
			defer cancel()
			if err := signal(ctx, s); err != nil {
				w.fail(err)
			}
			changed()
		})
		w.fail(errBusGone)
		changed()
	}()
	return nil
}

// subscribe asks for signals.
func (w *watch) subscribe(ctx context.Context, matches ...[]dbus.MatchOption) error {
	for _, m := range matches {
		if err := w.conn.AddMatchSignalContext(ctx, m...); err != nil {
			return err
		}
	}
	return nil
}

// fail keeps the first error.
func (w *watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

// Close ends the connection.
func (w *watch) Close() {
	w.conn.Close()
	<-w.done
}

// member matches a signal of an interface.
func member(face, name string) []dbus.MatchOption {
	return []dbus.MatchOption{dbus.WithMatchInterface(face), dbus.WithMatchMember(name)}
}
