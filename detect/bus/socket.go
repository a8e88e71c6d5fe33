package bus

import (
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// socketWatch reports new sockets of the session bus. nil watches nothing.
type socketWatch struct {
	watcher *fsnotify.Watcher
	lost    atomic.Bool    // the folder was removed
	readers sync.WaitGroup // of the watcher's channels
}

// watchSocket calls appeared when the session bus's socket is made anew, and when
// that will not be reported any more. It returns nil where the bus has no socket
// in a folder, or the folder cannot be watched.
func watchSocket(appeared func()) *socketWatch {
	socket := sessionSocket()
	if socket == "" {
		return nil
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil
	}
	dir := path.Dir(socket)
	if err := w.Add(dir); err != nil {
		w.Close()
		return nil
	}
	s := &socketWatch{watcher: w}
	s.readers.Go(func() {
		for e := range w.Events {
			switch {
			case e.Name == dir && (e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)):
				s.lost.Store(true)
				appeared()
			case e.Name == socket && e.Has(fsnotify.Create):
				appeared()
			}
		}
	})
	s.readers.Go(func() {
		for range w.Errors { // an event may be lost, so the bus is looked for
			appeared()
		}
	})
	return s
}

// watches reports whether a new socket would be noticed.
func (s *socketWatch) watches() bool { return s != nil && !s.lost.Load() }

func (s *socketWatch) close() {
	if s != nil && s.watcher != nil {
		s.watcher.Close()
		s.readers.Wait()
	}
}

// sessionSocket returns the path of the session bus's socket; empty: it has none
// in a folder.
//
// Source: https://dbus.freedesktop.org/doc/dbus-specification.html, "Server
// Addresses" and "Well-known Message Bus Instances"
func sessionSocket() string {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if dir := os.Getenv("XDG_RUNTIME_DIR"); address == "" && dir != "" {
		return path.Join(dir, "bus")
	}
	for one := range strings.SplitSeq(address, ";") {
		options, ok := strings.CutPrefix(one, "unix:")
		if !ok {
			continue
		}
		for option := range strings.SplitSeq(options, ",") {
			if socket, ok := strings.CutPrefix(option, "path="); ok {
				return path.Clean(socket)
			}
		}
	}
	return ""
}
