package remote

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// door is the file that tells clients where the socket is. It lies in the
// user's own profile, which other users cannot read.
type door struct {
	Address string `json:"address"`
	Secret  string `json:"secret"`
}

// listen takes a mutex of the session, then a loopback port whose secret only
// the user can read.
func listen(dir string) (net.Listener, string, func(), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", nil, fmt.Errorf("folder for the control socket: %w", err)
	}
	name, err := windows.UTF16PtrFromString(`Local\heliograph`)
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
	free := func() { windows.CloseHandle(mutex) }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		free()
		return nil, "", nil, fmt.Errorf("control socket: %w", err)
	}
	d := door{ln.Addr().String(), rand.Text()}
	raw, err := json.Marshal(d)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "control.json"), raw, 0o600)
	}
	if err != nil {
		ln.Close()
		free()
		return nil, "", nil, fmt.Errorf("control socket: %w", err)
	}
	return ln, d.Secret, free, nil
}

func dial(ctx context.Context, dir string) (net.Conn, string, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "control.json"))
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
	conn, err := (&net.Dialer{Timeout: requestTimeout}).DialContext(ctx, "tcp", d.Address)
	if err != nil {
		return nil, "", ErrNotRunning // a file that a killed instance left
	}
	return conn, d.Secret, nil
}
