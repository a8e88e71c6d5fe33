//go:build linux || darwin

package autostart

import (
	"errors"
	"io/fs"
	"os"
)

// remove deletes a file that may not be there.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
