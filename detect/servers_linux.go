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
	display := displaySocket(os.Getenv("DISPLAY"))
	var following sync.WaitGroup
	following.Go(func() {
		files.Follow(func(events []kernel.Event) {
			for _, e := range events {
				if sound != "" && e.Mask&unix.IN_ISDIR != 0 && e.Name == filepath.Base(sound) {
					add(sound)
				}
				if isServerSocket(e.Name, display) {
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

// isServerSocket reports a name that a server gives its socket or its folder. Of
// the X servers only ours counts, which display names: the folder of their
// sockets belongs to the whole computer.
func isServerSocket(name, display string) bool {
	switch name {
	case "bus", "native", "pulse", "system-bus":
		return true
	case display:
		return display != ""
	}
	return strings.HasPrefix(name, "wayland-") && !strings.HasSuffix(name, ".lock")
}

// displaySocket returns the name of the socket of an X display, such as "X0" for
// ":0.0"; empty: the display is on another computer, or there is none.
//
// Source: https://www.x.org/releases/current/doc/man/man7/X.7.xhtml, DISPLAY NAMES
func displaySocket(display string) string {
	host, number, ok := strings.Cut(display, ":")
	if number, _, _ = strings.Cut(number, "."); !ok || number == "" || (host != "" && host != "unix") {
		return ""
	}
	return "X" + number
}
