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
	if t.opts.Host != nil {
		t.opts.Host(true) // Explorer is always there, and re-adds icons itself
	}
	systray.Run(ready, func() {})
	return nil
}

// label keeps Windows from taking an ampersand for the mark of a mnemonic.
//
// Source: https://learn.microsoft.com/windows/win32/menurc/about-menus#menu-access-keys
func label(text string) string { return strings.ReplaceAll(text, "&", "&&") }

// gone: no bus, so none that could end.
func gone(any) bool { return false }
