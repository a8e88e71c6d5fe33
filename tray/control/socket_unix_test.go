//go:build unix

package control

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"heliograph/build/wait"
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

// TestFolderRemovedWhileRunning: a program that tidies up removes the folder of
// the socket, or a part of it. No second instance starts, and commands reach the
// first one again, also the second time.
func TestFolderRemovedWhileRunning(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"folder": os.RemoveAll,
		"socket": func(dir string) error { return os.Remove(filepath.Join(dir, socketFile)) },
		"lock":   func(dir string) error { return os.Remove(filepath.Join(dir, lockFile)) },
	} {
		t.Run(name, func(t *testing.T) {
			_, dir := newServer(t, echo)
			for range 2 {
				if err := remove(dir); err != nil {
					t.Fatal(err)
				}
				if runtime.GOOS == "linux" { // elsewhere only until it is made again
					if s, err := Listen(dir, nil); !errors.Is(err, ErrRunning) {
						if err == nil {
							s.Close()
						}
						t.Errorf("a second instance got %v", err)
					}
				}
				wait.Until(t, "the folder is made again", func() bool {
					_, lerr := os.Lstat(filepath.Join(dir, lockFile))
					_, serr := os.Lstat(filepath.Join(dir, socketFile))
					return lerr == nil && serr == nil && Call(t.Context(), dir, "echo", nil, nil) == nil
				})
				if s, err := Listen(dir, nil); !errors.Is(err, ErrRunning) {
					if err == nil {
						s.Close()
					}
					t.Errorf("afterwards a second instance got %v", err)
				}
				checkPrivate(t, dir)
			}
		})
	}
}

// TestPlantedFolderIsRefused: a link, or a file, in place of the folder is not
// used by either side, and what the link leads to is not changed.
func TestPlantedFolderIsRefused(t *testing.T) {
	target := t.TempDir()
	if err := os.Chmod(target, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(path string) error{
		"link": func(path string) error { return os.Symlink(target, path) },
		"file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(newDir(t), "heliograph")
			if err := plant(dir); err != nil {
				t.Fatal(err)
			}
			if s, err := Listen(dir, nil); err == nil {
				s.Close()
				t.Error("it is used for the socket")
			}
			if err := Call(t.Context(), dir, "echo", nil, nil); !errors.Is(err, errNotPrivate) {
				t.Errorf("a client: %v", err)
			}
		})
	}
	if fi, err := os.Stat(target); err != nil || fi.Mode().Perm() != 0o755 {
		t.Errorf("the folder that the link leads to has mode %v, %v", fi.Mode(), err)
	}
	if entries, err := os.ReadDir(target); err != nil || len(entries) != 0 {
		t.Errorf("it has %v, %v", entries, err)
	}
}

// TestFolderThatOthersMayWriteTo is made private by the instance, and is not used
// by a client before.
func TestFolderThatOthersMayWriteTo(t *testing.T) {
	dir := newDir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Call(t.Context(), dir, "echo", nil, nil); !errors.Is(err, errNotPrivate) {
		t.Errorf("a client: %v", err)
	}
	s, err := Listen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v", fi.Mode(), err)
	}
}

// TestPipeInPlaceOfTheLock does not keep an instance from starting for ever.
func TestPipeInPlaceOfTheLock(t *testing.T) {
	dir := newDir(t)
	if err := syscall.Mkfifo(filepath.Join(dir, lockFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Listen(dir, nil); err == nil {
		s.Close()
	}
}

// TestLinkInPlaceOfTheLock is not followed: its target is not made.
func TestLinkInPlaceOfTheLock(t *testing.T) {
	dir := newDir(t)
	target := filepath.Join(t.TempDir(), "target")
	if err := os.Symlink(target, filepath.Join(dir, lockFile)); err != nil {
		t.Fatal(err)
	}
	if s, err := Listen(dir, nil); err == nil {
		s.Close()
		t.Error("the link was taken for a lock")
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the target of the link: %v", err)
	}
}
