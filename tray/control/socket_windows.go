package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"heliograph/tray/atomicfile"
)

// endpoint says where the control socket is and what a client must send to it.
// It is kept in a file that other users cannot read.
type endpoint struct {
	Address string `json:"address"` // of the loopback interface
	Secret  string `json:"secret"`
}

// endpointFile is the name of that file.
const endpointFile = "control.json"

// maxEndpoint bounds that file, in bytes; ours takes about a hundred.
const maxEndpoint = 4 << 10

// lockFile is locked by the instance of the folder.
const lockFile = "lock"

// listen takes a mutex of the Windows session and a lock of the folder, so that
// one instance runs, then listens on a loopback port. Named pipes would need no
// secret, but they do not work under Wine, where this is tested.
func listen(dir string, _ *slog.Logger) (net.Listener, string, func(), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", nil, fmt.Errorf("folder for the control socket: %w", err)
	}
	mutex, err := takeMutex(dir)
	if err != nil {
		return nil, "", nil, err
	}
	lock, err := takeLock(dir)
	if err != nil {
		windows.CloseHandle(mutex)
		return nil, "", nil, err
	}
	release := func() {
		os.Remove(filepath.Join(dir, endpointFile))
		lock.Close()
		windows.CloseHandle(mutex)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		release()
		return nil, "", nil, fmt.Errorf("control socket: %w", err)
	}
	e := endpoint{ln.Addr().String(), rand.Text()}
	raw, err := json.Marshal(e)
	if err == nil {
		err = writePrivate(filepath.Join(dir, endpointFile), raw)
	}
	if err != nil {
		ln.Close()
		release()
		return nil, "", nil, fmt.Errorf("control socket: %w", err)
	}
	return ln, e.Secret, release, nil
}

// takeMutex takes the mutex of a folder. One that an instance with more rights
// has made, as an administrator's, may not be opened.
func takeMutex(dir string) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(mutexName(dir))
	if err != nil {
		return 0, err
	}
	mutex, err := windows.CreateMutex(nil, false, name)
	switch {
	case errors.Is(err, windows.ERROR_ALREADY_EXISTS):
		windows.CloseHandle(mutex)
		return 0, ErrRunning
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return 0, ErrRunning
	case err != nil:
		return 0, fmt.Errorf("single instance: %w", err)
	}
	return mutex, nil
}

// takeLock locks the folder. A person may have several sessions, as over Remote
// Desktop: each has a mutex of its own, but they share the folder. Windows
// releases the lock when the process ends, even after a crash.
//
// Source: "LockFileEx function",
// https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-lockfileex
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("single instance: %w", err)
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return nil, ErrRunning
	}
	return nil, fmt.Errorf("single instance: %w", err)
}

// mutexName returns the name of the mutex for a folder: a demo, which has
// another folder, can run at the same time. Windows releases a mutex when its
// process ends, even after a crash.
func mutexName(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	sum := sha256.Sum256([]byte(strings.ToLower(dir)))
	return `Local\heliograph-` + hex.EncodeToString(sum[:8])
}

// writePrivate writes a new file that only the user and the system can open,
// whatever rights files inherit from the folder.
//
// Source: "Security Descriptor String Format",
// https://learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format
func writePrivate(path string, data []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	sd, err := windows.SecurityDescriptorFromString("D:P(A;;FA;;;SY)(A;;FA;;;" + user.User.Sid.String() + ")")
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	h, err := windows.CreateFile(name, windows.GENERIC_WRITE, 0, &sa, windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(h), path)
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// dial connects to the instance of a folder, and returns the secret that each
// request must carry.
func dial(ctx context.Context, dir string) (net.Conn, string, error) {
	raw, err := atomicfile.Read(filepath.Join(dir, endpointFile), maxEndpoint)
	if errors.Is(err, os.ErrNotExist) {
		return nil, "", ErrNotRunning
	}
	var e endpoint
	if err == nil {
		err = json.Unmarshal(raw, &e)
	}
	if err != nil {
		return nil, "", fmt.Errorf("control socket: %w", err)
	}
	host, _, err := net.SplitHostPort(e.Address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return nil, "", fmt.Errorf("control socket: %q is not an address of this computer", e.Address)
	}
	conn, err := (&net.Dialer{Timeout: lineTimeout}).DialContext(ctx, "tcp", e.Address)
	if err != nil {
		return nil, "", ErrNotRunning // an instance that was killed leaves its file behind
	}
	return conn, e.Secret, nil
}
