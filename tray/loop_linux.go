package tray

import (
	"context"
	"errors"
	"strings"

	"fyne.io/systray"
	"github.com/godbus/dbus/v5"
)

// loop shows the tray until ctx or the session bus ends. The library would wait
// for ever for a bus that does not exist, so a connection of our own is opened
// first and followed meanwhile.
func loop(ctx context.Context, t *Tray, ready func()) error {
	host, err := watchHost(ctx, t.opts.Host)
	if err != nil {
		return err
	}
	defer host.close()
	defer captureLibraryLog(t.opts.Log, host.there.Load)()
	systray.SetTitle(t.opts.ID) // before the start it becomes the item's id
	start, end := systray.RunWithExternalLoop(ready, func() {})
	start()
	select {
	case <-ctx.Done():
		end()
		return nil
	case <-host.ended():
		return errors.New("the session bus has ended: the tray icon is gone until heliograph is started again")
	}
}

// escape doubles underscores, as in an account's name: a single one marks a
// mnemonic in the menu protocol.
//
// Source: https://github.com/gnustep/libs-dbuskit/blob/master/Bundles/DBusMenu/com.canonical.dbusmenu.xml
func escape(label string) string { return strings.ReplaceAll(label, "_", "__") }

// busClosed reports whether a panic of the library says that the bus has ended.
func busClosed(panicked any) bool {
	err, ok := panicked.(error)
	return ok && errors.Is(err, dbus.ErrClosed)
}
