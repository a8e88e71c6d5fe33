package tray

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"fyne.io/systray"
	"github.com/cenkalti/backoff/v5"
	"github.com/godbus/dbus/v5"

	"heliograph/detect/latest"
)

// A session bus that has ended, or does not answer, is looked for again when its
// socket is made anew, and after pauses that double up to reopenLast, since not
// every bus makes one. They begin anew once a tray has lasted for reopenSteady.
const (
	reopenFirst  = 250 * time.Millisecond
	reopenLast   = time.Minute
	reopenSteady = 10 * time.Second
)

func reopenPause() *backoff.ExponentialBackOff {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier = reopenFirst, reopenLast, 2
	return pause
}

// endTimeout bounds the end of the library's connection, which does not close
// while a signal waits for a bus that has stopped reading.
const endTimeout = 500 * time.Millisecond

// loop shows the tray until ctx ends, again each time that the session bus has
// ended and is back.
func loop(ctx context.Context, t *Tray, ready func()) error {
	var hosted atomic.Bool
	defer captureLibraryLog(t.opts.Log, hosted.Load)()
	pause := reopenPause()
	appeared := watchSocket() // of the bus
	defer appeared.close()
	for told := false; ; told = true {
		began := time.Now()
		shown, err := t.show(ctx, ready, &hosted)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > reopenSteady {
			pause.Reset()
		}
		if shown || !told {
			t.opts.Lost(err)
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-appeared.ch:
			pause.Reset()
		case <-ctx.Done():
			return nil
		}
	}
}

// errBusEnded reports that there is no tray icon until the bus is back.
var errBusEnded = errors.New("the session bus has ended: the tray icon is back as soon as the bus is")

// show shows the tray until ctx or the session bus ends, and reports whether it
// could be shown at all. The library would wait for ever for a bus that does not
// exist, so a connection of our own is opened first and followed meanwhile.
func (t *Tray) show(ctx context.Context, ready func(), hosted *atomic.Bool) (shown bool, err error) {
	appeared := make(chan struct{}, 1)
	host, err := watchHost(ctx, func(there bool) {
		hosted.Store(there)
		t.opts.Host(there)
		latest.Notify(appeared)
	})
	if err != nil {
		return false, err
	}
	defer host.close()
	systray.SetTitle(t.opts.ID) // before the start it becomes the item's id
	start, end := systray.RunWithExternalLoop(ready, func() {})
	started := make(chan struct{})
	go func() { // it connects and exports without a deadline
		defer close(started)
		start()
	}()
	select {
	case <-started:
	case <-ctx.Done():
		return false, nil
	}
	t.redraw() // what changed while there was no bus
	registering, stop := context.WithCancel(ctx)
	defer stop()
	go keepRegistered(registering, host.conn, appeared)
	select {
	case <-ctx.Done():
		endWithin(end)
		return true, nil
	case <-host.ended():
		return true, errBusEnded
	}
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
