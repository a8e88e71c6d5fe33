package control

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// checkPeer refuses other users, in case the folder's mode lets them in.
//
// Source: unix(7), SO_PEERCRED.
func checkPeer(conn net.Conn) error {
	var cred *syscall.Ucred
	err := control(conn, func(fd uintptr) (err error) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
		return err
	})
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if int(cred.Uid) != os.Getuid() {
		return errOtherUser
	}
	return nil
}
