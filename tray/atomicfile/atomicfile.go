// Package atomicfile writes files in one step: a reader, also after a crash,
// finds either the whole former content or the whole new one.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes data the content of the file at path, with the given mode, and
// makes its folder, for the user alone, if there is none. A symbolic link is
// replaced, not followed. On Windows, where only the write bit of a mode has a
// meaning, it fails while another program has the file open.
//
// Until it has its name the new file is hidden: programs that read all files of
// a folder, as desktops do with autostart entries, leave it out.
func Write(path string, data []byte, mode fs.FileMode) error {
	dir, file := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+file+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		// Otherwise a power cut could keep the new name and lose the content.
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
