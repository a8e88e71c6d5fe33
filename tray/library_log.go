//go:build !darwin

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

	mu    sync.Mutex
	last  string
	ended bool
}

// captureLibraryLog installs a libraryLog for the rest of the process. Ended says
// that the tray has ended: the library publishes a change of the menu a moment
// later, and then reports that its connection is closed, which matters to nobody.
func captureLibraryLog(to *slog.Logger, hosted func() bool) (ended func()) {
	l := &libraryLog{log: to, hosted: hosted, others: log.Writer()}
	log.SetOutput(l)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended = true
	}
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
	ended := l.ended
	l.mu.Unlock()
	cause, unregistered := strings.CutPrefix(text, "failed to register: ")
	switch {
	case ended:
		l.log.Debug("the tray library reports an error after its end", "error", text)
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
