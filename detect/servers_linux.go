package detect

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"heliograph/detect/pulse"
)

// watchServers calls appeared when a socket appears where compositors, sound servers,
// buses and X servers put theirs.
func watchServers(appeared func()) (end func()) {
	n, err := newInotify()
	if err != nil {
		return func() {} // they are still looked for, ever more rarely
	}
	run := os.Getenv("XDG_RUNTIME_DIR")
	const created = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_ONLYDIR
	add := func(dir string) {
		if dir != "" {
			_, _ = n.add(dir, created) // one that is missing is no loss
		}
	}
	add(run)
	add("/tmp/.X11-unix")
	sound, err := pulse.Socket()
	if err == nil {
		add(filepath.Dir(sound))
	}
	var following sync.WaitGroup
	following.Go(func() {
		n.follow(func(events []fileEvent) {
			for _, e := range events {
				if e.mask&unix.IN_ISDIR != 0 && sound != "" && e.name == filepath.Base(filepath.Dir(sound)) {
					add(filepath.Dir(sound))
				}
				if serverSocket(e.name) {
					appeared()
				}
			}
		})
	})
	return func() {
		n.close()
		following.Wait()
	}
}

// serverSocket reports a name that a server gives its socket, or its folder.
func serverSocket(name string) bool {
	switch name {
	case "bus", "native", "pulse", "system-bus":
		return true
	}
	return (strings.HasPrefix(name, "wayland-") && !strings.HasSuffix(name, ".lock")) || (strings.HasPrefix(name, "X") && len(name) < 5)
}
