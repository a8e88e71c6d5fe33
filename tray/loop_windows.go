package tray

import (
	"context"
	"strings"

	"fyne.io/systray"
)

// loop shows the tray until ctx ends. It must run on the main goroutine.
func loop(ctx context.Context, t *Tray, ready func()) error {
	stop := context.AfterFunc(ctx, systray.Quit)
	defer stop()
	defer captureLibraryLog(t.opts.Log, func() bool { return true })()
	t.opts.Host(true) // Explorer shows icons, and the library adds ours again when it restarts
	systray.Run(ready, func() {})
	return nil
}

// escape doubles ampersands: a single one marks a mnemonic.
//
// Source: https://learn.microsoft.com/windows/win32/menurc/about-menus#menu-access-keys
func escape(label string) string { return strings.ReplaceAll(label, "&", "&&") }

// busClosed: there is no bus here.
func busClosed(any) bool { return false }
