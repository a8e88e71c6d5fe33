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
