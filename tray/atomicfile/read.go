package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Files that are read or appended to may have been replaced by something else:
// by a mistake, or by another user where the folder is shared.
var (
	errNotRegular = errors.New("it is not a regular file")
	errTooLarge   = errors.New("it is too large")
)

// Read returns the content of the file at path, which must be a regular one of
// at most limit bytes. Anything else is an error at once: a pipe or a device
// would never end. A symbolic link is followed.
func Read(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w: more than %d bytes", errTooLarge, limit)}
	}
	if err != nil {
		return nil, err
	}
	return raw, nil
}

// Open opens the file at path, which must be a regular one, for reading. A
// symbolic link is followed.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openWithoutWaiting, 0)
	if err != nil {
		return nil, err
	}
	if err := checkRegular(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// OpenAppend opens the file at path to append to it, and makes it with the given
// mode if there is none. It follows no link, and refuses what is not a regular
// file of this user's own: in a folder that others may write to, it could be
// planted to have something else overwritten.
func OpenAppend(path string, mode fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|openWithoutWaiting|openWithoutLink, mode)
	if err != nil {
		return nil, explainLink(err)
	}
	err = checkRegular(f)
	if err == nil {
		err = claim(f, mode)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func checkRegular(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "open", Path: f.Name(), Err: errNotRegular}
	}
	return nil
}
