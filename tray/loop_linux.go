package tray

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fyne.io/systray"
	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
	"heliograph/detect/latest"
)

// endTimeout bounds the end of the library's connection, which does not close
// while a signal waits for a bus that has stopped reading.
const endTimeout = 500 * time.Millisecond

// loop shows the tray until ctx ends, again each time that the session bus has
// ended and is back.
func loop(ctx context.Context, t *Tray, ready func()) error {
	var hosted atomic.Bool
	defer captureLibraryLog(t.opts.Log, hosted.Load)()
	again := bus.NewReopener()
	defer again.Close()
	for reported := false; ; reported = true {
		shown, err := t.show(ctx, again, ready, &hosted)
		if ctx.Err() != nil {
			return nil
		}
		if shown || !reported {
			t.opts.Lost(err)
		}
		again.Failed(err)
		select {
		case <-again.C():
		case <-ctx.Done():
			return nil
		}
	}
}

// errBusEnded reports that there is no tray icon until the bus is back.
var errBusEnded = errors.New("the session bus has ended: the tray icon is back as soon as the bus is")

// show shows the tray until ctx or the session bus ends, and reports whether it
// could be shown at all. The library would wait for ever for a bus that does not
// exist, so a connection of our own is opened first, for all that the tray needs
// to know meanwhile.
func (t *Tray) show(ctx context.Context, again *bus.Reopener, ready func(), hosted *atomic.Bool) (shown bool, err error) {
	appeared := make(chan struct{}, 1)
	host, err := watchHost(ctx, again, func(there bool) {
		hosted.Store(there)
		t.opts.Host(there)
		latest.Notify(appeared)
	})
	if err != nil {
		return false, err
	}
	var owned sync.WaitGroup
	defer waitShortly(&owned)
	defer host.close()
	registering, stop := context.WithCancel(ctx)
	defer stop()
	if err := t.theme.follow(host.conn, &owned); err != nil {
		t.opts.Log.Debug("icons are drawn for a dark panel: the desktop's theme is unknown", "error", err)
	}
	systray.SetTitle(t.opts.ID) // before the start it becomes the item's id
	library, end := startLibrary(ready)
	var conn *dbus.Conn
	select {
	case conn = <-library:
	case <-ctx.Done():
		return false, nil
	}
	t.redraw() // what changed while there was no bus
	owned.Go(func() { keepRegistered(registering, host.conn, conn, appeared) })
	select {
	case <-ctx.Done():
		endWithin(end)
		return true, nil
	case <-host.ended():
		return true, errBusEnded
	}
}

// startLibrary starts the library, which connects and exports without a deadline,
// and so in a goroutine that only the bus can end. The channel gets the library's
// connection; nil: it could not connect, as the bus has ended again.
func startLibrary(ready func()) (started <-chan *dbus.Conn, end func()) {
	start, end := systray.RunWithExternalLoop(ready, func() {})
	conns := make(chan *dbus.Conn, 1)
	go func() {
		start()
		conn, err := dbus.SessionBus() // the one that start has opened
		if err != nil {
			conn = nil
		}
		conns <- conn
	}()
	return conns, end
}

// redraw draws the present view once more, as a whole.
func (t *Tray) redraw() {
	t.anew.Store(true)
	latest.Notify(t.wake)
}

// endWithin calls end, and leaves it behind after endTimeout.
func endWithin(end func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { _ = recover() }() // the library has no connection if it could not start
		end()
	}()
	select {
	case <-ended:
	case <-time.After(endTimeout):
	}
}

// escape doubles underscores, as in an account's name: a single one marks a
// mnemonic in the menu protocol.
//
// Source: https://github.com/gnustep/libs-dbuskit/blob/master/Bundles/DBusMenu/com.canonical.dbusmenu.xml
func escape(label string) string { return strings.ReplaceAll(label, "_", "__") }

// busClosed reports whether a panic of the library says that the bus has ended,
// which the library may find out by writing to it.
func busClosed(panicked any) bool {
	err, ok := panicked.(error)
	return ok && slices.ContainsFunc([]error{dbus.ErrClosed, net.ErrClosed, io.EOF, syscall.EPIPE, syscall.ECONNRESET},
		func(ended error) bool { return errors.Is(err, ended) })
}
