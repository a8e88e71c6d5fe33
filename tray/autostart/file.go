//go:build linux || darwin

package autostart

import (
	"errors"
	"io/fs"
	"os"
)

// remove deletes a file. It is not an error if there is none.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// maxEntry bounds an entry that is read, in bytes: those of other programs at
// the same path may be longer than ours, which take a few hundred.
const maxEntry = 1 << 20
