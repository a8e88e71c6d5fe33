package tray

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"

	"heliograph/detect/latest"
)

// socketWatch notifies of a new socket of the session bus.
type socketWatch struct {
	ch      chan struct{}
	watcher *fsnotify.Watcher // nil: none
	ended   chan struct{}
}

// watchSocket watches the folder of the session bus's socket. Where there is
// none, or it cannot be watched, it notifies of nothing.
func watchSocket() *socketWatch {
	s := &socketWatch{ch: make(chan struct{}, 1), ended: make(chan struct{})}
	path := sessionSocket()
	w, err := fsnotify.NewWatcher()
	if err == nil && path != "" {
		err = w.Add(filepath.Dir(path))
	}
	if err != nil || path == "" {
		if w != nil {
			w.Close()
		}
		close(s.ended)
		return s
	}
	s.watcher = w
	go func() {
		defer close(s.ended)
		for e := range w.Events {
			if e.Has(fsnotify.Create) && e.Name == path {
				latest.Notify(s.ch)
			}
		}
	}()
	go func() {
		for range w.Errors { // an event may be lost; the pauses are bounded
		}
	}()
	return s
}

func (s *socketWatch) close() {
	if s.watcher != nil {
		s.watcher.Close()
	}
	<-s.ended
}

// sessionSocket returns the path of the session bus's socket; empty: it has none
// in a folder.
//
// Source: https://dbus.freedesktop.org/doc/dbus-specification.html, "Server
// Addresses" and "Well-known Message Bus Instances"
func sessionSocket() string {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if dir := os.Getenv("XDG_RUNTIME_DIR"); address == "" && dir != "" {
		return filepath.Join(dir, "bus")
	}
	for one := range strings.SplitSeq(address, ";") {
		options, ok := strings.CutPrefix(one, "unix:")
		if !ok {
			continue
		}
		for option := range strings.SplitSeq(options, ",") {
			if path, ok := strings.CutPrefix(option, "path="); ok {
				return filepath.Clean(path)
			}
		}
	}
	return ""
}
