//go:build unix

package graph

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openWithoutWaiting makes opening a pipe that nobody writes to return at once.
const openWithoutWaiting = syscall.O_NONBLOCK

// onlyOwner refuses a file of another user, and one that others can open or
// change.
func onlyOwner(_ *os.File, fi fs.FileInfo) error {
	if st, ok := fi.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return errors.New("belongs to somebody else: make it your own with chown")
	}
	if mode := fi.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("can be reached by others (mode %04o): run chmod 600 on it", mode)
	}
	return nil
}
