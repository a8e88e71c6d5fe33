//go:build darwin && cgo

package tray

import (
	"context"

	"fyne.io/systray"
)

// loop shows the tray until ctx ends. It must run on the main goroutine.
func loop(ctx context.Context, t *Tray, ready func()) error {
	stop := context.AfterFunc(ctx, systray.Quit)
	defer stop()
	if t.opts.Host != nil {
		t.opts.Host(true)
	}
	systray.Run(ready, func() {})
	return nil
}

// label needs nothing: macOS has no mnemonics.
func label(text string) string { return text }

// gone: no bus, so none that could end.
func gone(any) bool { return false }
