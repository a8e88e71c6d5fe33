//go:build unix

package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// listen takes the lock, then the socket. The lock goes with the process
// whatever ends it, so a socket that a kill left behind is known to be stale.
func listen(dir string) (net.Listener, string, func(), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", nil, fmt.Errorf("folder for the control socket: %w", err)
	}
	if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return nil, "", nil, fmt.Errorf("folder for the control socket is open to others: %w", err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, "", nil, fmt.Errorf("lock of the control socket: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, "", nil, ErrRunning
		}
		return nil, "", nil, fmt.Errorf("lock of the control socket: %w", err)
	}
	path := filepath.Join(dir, "control.sock")
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		lock.Close()
		return nil, "", nil, fmt.Errorf("stale control socket: %w", err)
	}
	old := syscall.Umask(0o177)
	ln, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		lock.Close()
		return nil, "", nil, fmt.Errorf("control socket: %w", err)
	}
	return ln, "", func() { lock.Close() }, nil
}

func dial(ctx context.Context, dir string) (net.Conn, string, error) {
	conn, err := (&net.Dialer{Timeout: lineTimeout}).DialContext(ctx, "unix", filepath.Join(dir, "control.sock"))
	if err != nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
			return nil, "", ErrNotRunning
		}
		return nil, "", fmt.Errorf("control socket: %w", err)
	}
	return conn, "", nil
}
