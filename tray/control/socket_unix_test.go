//go:build unix

package control

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// checkPrivate checks that only the user can open the socket.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	fi, err := os.Stat(filepath.Join(dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode().Perm() != 0o600 {
		t.Errorf("socket mode %v", fi.Mode())
	}
}

// leaveStaleSocket leaves what kill -9 leaves: a socket file that nobody listens on.
func leaveStaleSocket(t *testing.T, dir string) {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	ln.Close()
}
