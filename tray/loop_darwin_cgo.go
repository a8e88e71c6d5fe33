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
	defer captureLibraryLog(t.opts.Log, func() bool { return true })()
	t.opts.Host(true)
	systray.Run(ready, func() {})
	return nil
}

// escape returns the label: macOS has no mnemonics.
func escape(label string) string { return label }

// busClosed: there is no bus here.
func busClosed(any) bool { return false }
