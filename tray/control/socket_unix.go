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

// listen takes the lock in dir, then the socket. The system releases the lock
// when the process ends, even after a crash, so that a socket whose lock is
// free is known to be stale. A client needs no secret here: the folder is
// private.
func listen(dir string) (ln net.Listener, secret string, free func(), err error) {
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
	ln, err = net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		lock.Close()
		return nil, "", nil, fmt.Errorf("control socket: %w", err)
	}
	return ln, "", func() { lock.Close() }, nil
}

// dial connects to the instance in dir. There is no secret to send.
func dial(ctx context.Context, dir string) (conn net.Conn, secret string, err error) {
	conn, err = (&net.Dialer{Timeout: lineTimeout}).DialContext(ctx, "unix", filepath.Join(dir, "control.sock"))
	switch {
	case err == nil:
		return conn, "", nil
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, "", ErrNotRunning
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, os.ErrDeadlineExceeded):
		return nil, "", ErrNoAnswer // more clients wait than the system queues
	}
	return nil, "", fmt.Errorf("control socket: %w", err)
}
