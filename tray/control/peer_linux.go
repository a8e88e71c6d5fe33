package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// samePerson refuses other users, should the folder's mode ever let them in.
func samePerson(conn net.Conn) error {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.New("the control socket is no unix socket")
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
