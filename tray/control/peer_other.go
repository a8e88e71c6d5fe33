//go:build !linux

package control

import "net"

// samePerson has nothing to ask: the folder's mode, or the secret, keeps other
// users out.
func samePerson(net.Conn) error { return nil }
