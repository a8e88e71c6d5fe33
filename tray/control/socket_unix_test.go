//go:build unix

package control

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// isPrivate holds that only the user can open the socket.
func isPrivate(t *testing.T, dir string) {
	t.Helper()
	fi, err := os.Stat(filepath.Join(dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode().Perm() != 0o600 {
		t.Errorf("socket mode %v", fi.Mode())
	}
}

// leaveStale leaves what kill -9 does: a socket file that nobody listens on.
func leaveStale(t *testing.T, dir string) {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	ln.Close()
}
