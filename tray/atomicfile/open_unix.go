//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Flags of opening: a pipe without a writer does not block, and a symbolic link
// as the last part of the path is an error.
const (
	openWithoutWaiting = syscall.O_NONBLOCK
	openWithoutLink    = syscall.O_NOFOLLOW
)

var errNotOurs = errors.New("it belongs to another user or has a second name elsewhere")

// explainLink names the reason where the system's own words ("too many levels of
// symbolic links") would mislead.
func explainLink(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && errors.Is(err, syscall.ELOOP) {
		return &fs.PathError{Op: path.Op, Path: path.Path, Err: errNotRegular}
	}
	return err
}

// claim refuses a file of another user, and one with a second name, under which
// it would change too. A file that existed may have a mode that lets others read
// it.
func claim(f *os.File, mode fs.FileMode) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !Ours(info) || (ok && st.Nlink > 1) {
		return &fs.PathError{Op: "open", Path: f.Name(), Err: errNotOurs}
	}
	return f.Chmod(mode)
}

// Ours reports whether a file or folder belongs to this user.
func Ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid()
}
