package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// checkPeer refuses other users, in case the folder's mode lets them in.
func checkPeer(conn net.Conn) error {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.New("the control socket is not a unix socket")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	var cred *syscall.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if credErr != nil {
		return fmt.Errorf("control socket: %w", credErr)
	}
	if int(cred.Uid) != os.Getuid() {
		return errors.New("another user's request is refused")
	}
	return nil
}
