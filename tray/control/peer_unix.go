//go:build linux || darwin

package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// errOtherUser reports that the other side is a process of another user.
var errOtherUser = errors.New("the other side is another user")

// checkPeer refuses other users, in case the folder's mode lets them in.
func checkPeer(conn net.Conn) error {
	var uid uint32
	err := control(conn, func(fd uintptr) (err error) {
		uid, err = peerUID(fd)
		return err
	})
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if int(uid) != os.Getuid() {
		return errOtherUser
	}
	return nil
}

// control calls f with the descriptor of a connection.
func control(conn net.Conn, f func(fd uintptr) error) error {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return errors.New("the connection has no descriptor")
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = f(fd) })
	return errors.Join(err, failed)
}
