package control

import "golang.org/x/sys/unix"

// peerUID returns the user of the process at the other end of a socket.
//
// Source: unix(4), LOCAL_PEERCRED.
func peerUID(fd uintptr) (uint32, error) {
	cred, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
