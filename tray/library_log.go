//go:build !darwin || cgo

package tray

import (
	"io"
	"log"
	"log/slog"
	"strings"
	"sync"
)

// libraryLog takes the place of standard error for the standard logger, with
// which fyne.io/systray reports its errors, and turns them into sentences for
// the program's own log. Lines of others pass unchanged.
type libraryLog struct {
	log    *slog.Logger
	hosted func() bool // whether anything shows tray icons
	others io.Writer

	mu   sync.Mutex
	last string
}

// captureLibraryLog installs a libraryLog until restore is called.
func captureLibraryLog(to *slog.Logger, hosted func() bool) (restore func()) {
	others := log.Writer()
	log.SetOutput(&libraryLog{log: to, hosted: hosted, others: others})
	return func() { log.SetOutput(others) }
}

const libraryPrefix = "systray error: "

func (l *libraryLog) Write(line []byte) (int, error) {
	_, text, ok := strings.Cut(string(line), libraryPrefix)
	if !ok {
		return l.others.Write(line)
	}
	text = strings.TrimSpace(text)
	l.mu.Lock()
	again := text == l.last
	l.last = text
	l.mu.Unlock()
	cause, unregistered := strings.CutPrefix(text, "failed to register: ")
	switch {
	case again:
		l.log.Debug("the tray library repeats its error", "error", text)
	case unregistered && !l.hosted():
		l.log.Debug("the tray icon waits for a desktop that shows it", "error", cause)
	case unregistered:
		l.log.Warn("the desktop did not accept the tray icon, so it may be invisible", "error", cause)
	default:
		l.log.Warn("the tray icon or its menu may be out of date", "error", text)
	}
	return len(line), nil
}
