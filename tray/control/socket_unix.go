//go:build unix

package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"heliograph/tray/atomicfile"
)

// socketFile and lockFile are in the folder of the control socket.
const (
	socketFile = "control.sock"
	lockFile   = "lock"
)

// listen takes the locks of dir, then the socket, which it makes anew whenever
// somebody removes it. The system releases the locks when the process ends, even
// after a crash, so that a socket whose locks are free is known to be stale. A
// client needs no secret here: the folder is private.
func listen(dir string, log *slog.Logger) (ln net.Listener, secret string, free func(), err error) {
	unlock, err := lockName(dir)
	if err != nil {
		return nil, "", nil, err
	}
	s := &socket{dir: dir, log: log, done: make(chan struct{})}
	if err := s.open(); err != nil {
		if s.lock != nil {
			s.lock.Close()
		}
		unlock()
		return nil, "", nil, err
	}
	s.watching.Go(s.keep)
	return s, "", func() { s.release(); unlock() }, nil
}

// socket is a listener whose folder may be removed while it is used, as programs
// do that tidy temporary files.
type socket struct {
	dir      string
	log      *slog.Logger
	done     chan struct{} // closed by Close
	watching sync.WaitGroup

	mu     sync.Mutex
	lock   *os.File
	ln     *net.UnixListener
	closed bool
}

// open makes the folder, takes its lock and listens, in place of what is open.
func (s *socket) open() error {
	if err := ensurePrivateFolder(s.dir); err != nil {
		return err
	}
	if err := s.openLock(); err != nil {
		return err
	}
	ln, err := listenAt(filepath.Join(s.dir, socketFile))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		ln.Close()
		return net.ErrClosed
	}
	if s.ln != nil {
		s.ln.SetUnlinkOnClose(false) // the path is that of the new one
		s.ln.Close()
	}
	s.ln = ln
	return nil
}

// openLock takes the lock file in the folder, unless it is the one that is held.
func (s *socket) openLock() error {
	if s.lockThere() {
		return nil
	}
	lock, err := lockFolder(s.dir)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock != nil {
		s.lock.Close()
	}
	s.lock = lock
	return nil
}

// lockThere reports whether the lock file in the folder is the one that is held.
func (s *socket) lockThere() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return false
	}
	held, err := s.lock.Stat()
	path, perr := os.Lstat(filepath.Join(s.dir, lockFile))
	return err == nil && perr == nil && os.SameFile(held, path)
}

// lockFolder takes the lock file of the folder.
func lockFolder(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock of the control socket: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrRunning
		}
		return nil, fmt.Errorf("lock of the control socket: %w", err)
	}
	return lock, nil
}

// listenAt listens in place of a stale socket. The folder is private already, so
// nobody else can connect before the socket's own mode is set.
func listenAt(path string) (*net.UnixListener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("stale control socket: %w", err)
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return ln, nil
}

// Accept returns the next connection, whichever socket it was made to.
func (s *socket) Accept() (net.Conn, error) {
	for {
		s.mu.Lock()
		ln := s.ln
		s.mu.Unlock()
		conn, err := ln.Accept()
		if err == nil {
			return conn, nil
		}
		s.mu.Lock()
		replaced := s.ln != ln && !s.closed
		s.mu.Unlock()
		if !replaced {
			return nil, err
		}
	}
}

// Close ends listening and removes the socket. The lock is kept until release.
// Each call returns when nothing can make the socket, or its lock, anew.
func (s *socket) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.watching.Wait()
		return nil
	}
	s.closed = true
	close(s.done)
	err := s.ln.Close()
	s.mu.Unlock()
	s.watching.Wait()
	return err
}

// release closes the lock file.
func (s *socket) release() {
	_ = s.Close()
	s.lock.Close()
}

// Addr returns the address of the socket.
func (s *socket) Addr() net.Addr {
	return &net.UnixAddr{Name: filepath.Join(s.dir, socketFile), Net: "unix"}
}

// errNotPrivate refuses a folder that another user could have planted.
var errNotPrivate = errors.New("it is not a folder of this user alone: somebody else may have put it there; remove it, or set XDG_RUNTIME_DIR to a folder of your own")

// ensurePrivateFolder makes the folder, which must then be one of this user's own,
// and takes the rights of others away. A link is refused: its target would be
// changed.
func ensurePrivateFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("folder for the control socket: %w", err)
	}
	f, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("folder for the control socket %s: %w", dir, errNotPrivate)
	}
	if err != nil {
		return fmt.Errorf("folder for the control socket: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("folder for the control socket: %w", err)
	case !atomicfile.Ours(fi):
		return fmt.Errorf("folder for the control socket %s: %w", dir, errNotPrivate)
	case fi.Mode().Perm() == 0o700:
		return nil
	}
	if err := f.Chmod(0o700); err != nil {
		return fmt.Errorf("folder for the control socket is open to others: %w", err)
	}
	return nil
}

// dial connects to the instance in dir, unless somebody else may be there. There
// is no secret to send.
func dial(ctx context.Context, dir string) (conn net.Conn, secret string, err error) {
	fi, err := os.Lstat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, "", ErrNotRunning
	case err != nil:
		return nil, "", fmt.Errorf("control socket: %w", err)
	case !fi.IsDir() || !atomicfile.Ours(fi) || fi.Mode().Perm()&0o022 != 0:
		return nil, "", fmt.Errorf("folder of the control socket %s: %w", dir, errNotPrivate)
	}
	conn, err = (&net.Dialer{Timeout: lineTimeout}).DialContext(ctx, "unix", filepath.Join(dir, socketFile))
	switch {
	case err == nil:
		if err := checkPeer(conn); err != nil {
			conn.Close()
			return nil, "", fmt.Errorf("the control socket is not answered by your heliograph: %w", err)
		}
		return conn, "", nil
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, "", ErrNotRunning
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, os.ErrDeadlineExceeded):
		return nil, "", ErrNoAnswer // more clients wait than the system queues
	}
	return nil, "", fmt.Errorf("control socket: %w", err)
}
