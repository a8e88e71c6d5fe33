package detect

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"heliograph/detect/kernel"
	"heliograph/detect/pulse"
)

// watchServers calls appeared when a socket appears where compositors, sound
// servers, buses and X servers put theirs.
func watchServers(appeared func()) (end func()) {
	files, err := kernel.NewInotify()
	if err != nil {
		return func() {} // they are still looked for, more and more rarely
	}
	add := func(dir string) {
		if dir != "" {
			_, _ = files.Add(dir, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ONLYDIR) // it may be missing
		}
	}
	add(os.Getenv("XDG_RUNTIME_DIR"))
	add("/tmp/.X11-unix")
	sound := ""
	if path, err := pulse.Socket(); err == nil {
		sound = filepath.Dir(path)
	}
	add(sound)
	var following sync.WaitGroup
	following.Go(func() {
		files.Follow(func(events []kernel.Event) {
			for _, e := range events {
				if sound != "" && e.Mask&unix.IN_ISDIR != 0 && e.Name == filepath.Base(sound) {
					add(sound)
				}
				if isServerSocket(e.Name) {
					appeared()
				}
			}
		})
	})
	return func() {
		files.Close()
		following.Wait()
	}
}

// isServerSocket reports a name that a server gives its socket or its folder.
func isServerSocket(name string) bool {
	switch name {
	case "bus", "native", "pulse", "system-bus":
		return true
	}
	return (strings.HasPrefix(name, "wayland-") && !strings.HasSuffix(name, ".lock")) || (strings.HasPrefix(name, "X") && len(name) < 5)
}
