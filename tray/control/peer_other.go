//go:build !linux && !darwin

package control

import "net"

// checkPeer has nothing to check: the folder's mode, or the secret, keeps other
// users out.
func checkPeer(net.Conn) error { return nil }
