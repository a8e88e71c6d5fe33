package tray

import (
	"context"
	"errors"
	"strings"

	"fyne.io/systray"
	"github.com/godbus/dbus/v5"
)

// loop shows the tray until ctx ends or the bus dies. The library would wait
// for ever on a bus that is not there, so the bus is watched beside it.
func loop(ctx context.Context, t *Tray, ready func()) error {
	host, err := watchHost(ctx, t.opts.Host)
	if err != nil {
		return err
	}
	defer host.close()
	systray.SetTitle(t.opts.ID) // before the start it becomes the item's id
	start, end := systray.RunWithExternalLoop(ready, func() {})
	start()
	select {
	case <-ctx.Done():
		end()
		return nil
	case <-host.lost():
		return errors.New("the session bus went away: the tray icon is gone until heliograph is started again")
	}
}

// label keeps the menu protocol from taking an underscore, as in an account's
// name, for the mark of a mnemonic.
//
// Source: https://github.com/gnustep/libs-dbuskit/blob/master/Bundles/DBusMenu/com.canonical.dbusmenu.xml
func label(text string) string { return strings.ReplaceAll(text, "_", "__") }

// gone reports the library's panic over a bus that has ended.
func gone(v any) bool {
	err, ok := v.(error)
	return ok && errors.Is(err, dbus.ErrClosed)
}
