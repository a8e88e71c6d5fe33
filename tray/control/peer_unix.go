//go:build linux || darwin

package control

import (
	"errors"
	"net"
	"syscall"
)

// errOtherUser reports that the other side is a process of another user.
var errOtherUser = errors.New("the other side is another user")

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
