//go:build unix

package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/godbus/dbus/v5"

	"heliograph/detect"
)

// needs skips where a program is missing; on CI that is a failure.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not installed: build/install-deps wayland gnome kde", p)
			}
			t.Skipf("%s is not installed: build/install-deps wayland gnome kde", p)
		}
	}
}

// watching runs a detector until the test ends.
func watching(t *testing.T, o detect.Options) *detect.Watcher {
	t.Helper()
	w := detect.Watch(t.Context(), o)
	t.Cleanup(w.Close)
	return w
}

// part returns what the detector says of one of its kinds; zero: it has none of
// this name.
func part(w *detect.Watcher, name string) detect.Part {
	for _, p := range w.Parts() {
		if p.Name == name {
			return p
		}
	}
	return detect.Part{}
}

// runtimeDir returns a folder for sockets that every user may use. Its path is
// short: that of a socket has 107 bytes at most.
func runtimeDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// must runs a program to its end.
func must(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s %v: %v: %s", name, args, err, out)
	}
}

// glob returns the first file that matches; empty: none.
func glob(dir, pattern string) string {
	found, _ := filepath.Glob(filepath.Join(dir, pattern))
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// listens reports whether somebody accepts connections on a socket.
func listens(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// busHas reports whether somebody owns the name on the session bus.
func busHas(name string) bool {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return false
	}
	defer conn.Close()
	var has bool
	return conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&has) == nil && has
}
