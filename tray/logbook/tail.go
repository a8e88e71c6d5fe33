package logbook

import (
	"bytes"
	"errors"
	"io/fs"

	"heliograph/tray/atomicfile"
)

// Tail returns the last whole lines of the log at path, of the older file too,
// with most bytes at most. It is empty if there is no log.
func Tail(path string, most int) (string, error) {
	var all []byte
	for _, file := range []string{path + olderLog, path} {
		raw, err := atomicfile.Read(file, 2*maxLogSize)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		all = append(all, raw...)
	}
	if len(all) <= most {
		return string(all), nil
	}
	all = all[len(all)-most:]
	if i := bytes.IndexByte(all, '\n'); i >= 0 {
		all = all[i+1:]
	}
	return string(all), nil
}
