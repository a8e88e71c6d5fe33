package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// door is the file that tells clients where the socket is. Other users cannot
// read it.
type door struct {
	Address string `json:"address"`
	Secret  string `json:"secret"`
}

// doorName is the file's name.
const doorName = "control.json"

// listen takes a mutex of the session, then a loopback port whose secret only
// the user can read. Pipes would need no secret, but Wine, where this is
// tested, has none that work.
func listen(dir string) (net.Listener, string, func(), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", nil, fmt.Errorf("folder for the control socket: %w", err)
	}
	name, err := windows.UTF16PtrFromString(mutexName(dir))
	if err != nil {
		return nil, "", nil, err
	}
	mutex, err := windows.CreateMutex(nil, false, name)
	if errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		windows.CloseHandle(mutex)
		return nil, "", nil, ErrRunning
	}
	if err != nil {
		return nil, "", nil, fmt.Errorf("single instance: %w", err)
	}
	free := func() {
		os.Remove(filepath.Join(dir, doorName))
		windows.CloseHandle(mutex)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		free()
		return nil, "", nil, fmt.Errorf("control socket: %w", err)
	}
	d := door{ln.Addr().String(), rand.Text()}
	raw, err := json.Marshal(d)
	if err == nil {
		err = writePrivate(filepath.Join(dir, doorName), raw)
	}
	if err != nil {
		ln.Close()
		free()
		return nil, "", nil, fmt.Errorf("control socket: %w", err)
	}
	return ln, d.Secret, free, nil
}

// mutexName is one per folder, so that a demo can run beside the real one. It
// goes with the process whatever ends it.
func mutexName(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	sum := sha256.Sum256([]byte(strings.ToLower(dir)))
	return `Local\heliograph-` + hex.EncodeToString(sum[:8])
}

// writePrivate makes a file anew that only the user and the system can open,
// whatever the folder would hand down.
//
// Source: https://learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format
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

func dial(ctx context.Context, dir string) (net.Conn, string, error) {
	raw, err := os.ReadFile(filepath.Join(dir, doorName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, "", ErrNotRunning
	}
	var d door
	if err == nil {
		err = json.Unmarshal(raw, &d)
	}
	if err != nil {
		return nil, "", fmt.Errorf("control socket: %w", err)
	}
	host, _, err := net.SplitHostPort(d.Address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return nil, "", fmt.Errorf("control socket: %q is not on this machine", d.Address)
	}
	conn, err := (&net.Dialer{Timeout: lineTimeout}).DialContext(ctx, "tcp", d.Address)
	if err != nil {
		return nil, "", ErrNotRunning // a file that a killed instance left
	}
	return conn, d.Secret, nil
}
