package control

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// checkPeer refuses other users, in case the folder's mode lets them in.
//
// Source: unix(4), LOCAL_PEERCRED.
func checkPeer(conn net.Conn) error {
	var cred *unix.Xucred
	err := control(conn, func(fd uintptr) (err error) {
		cred, err = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
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
