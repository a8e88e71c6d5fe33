package control

import "syscall"

// peerUID returns the user of the process at the other end of a socket.
//
// Source: unix(7), SO_PEERCRED.
func peerUID(fd uintptr) (uint32, error) {
	cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
