//go:build unix

package control

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/fsnotify/fsnotify"
)

// keepLast is the longest pause between two attempts to make a socket anew: its
// folder may be on a disk that comes back.
const keepLast = 5 * time.Minute

// keep makes the socket anew when it, or its folder, was removed.
func (s *socket) keep() {
	pause := backoff.NewExponentialBackOff()
	pause.MaxInterval = keepLast
	for s.untilRemoved() {
		err := s.open()
		wait := time.Duration(0)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.log.Warn("the control socket was removed and cannot be made again yet: commands do not reach heliograph", "error", err)
			wait = pause.NextBackOff()
		default:
			s.log.Info("the control socket was removed and is made again", "folder", s.dir)
			pause.Reset()
		}
		select {
		case <-s.done:
			return
		case <-time.After(wait):
		}
	}
}

// untilRemoved returns true when the socket is missing, and false after Close. It
// has a watcher of its own each time: one that has seen a folder removed may
// miss what happens to the next folder of the same path.
func (s *socket) untilRemoved() bool {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		s.log.Warn("a removed control socket would not be noticed: restart heliograph then", "error", err)
		<-s.done
		return false
	}
	defer w.Close()
	if err := w.Add(s.dir); err != nil {
		return true
	}
	for s.there() {
		select {
		case <-s.done:
			return false
		case <-w.Events:
		case <-w.Errors:
		}
	}
	return true
}

// there reports whether the socket and its lock are in the folder.
func (s *socket) there() bool {
	_, err := os.Lstat(filepath.Join(s.dir, socketFile))
	return err == nil && s.lockThere()
}
