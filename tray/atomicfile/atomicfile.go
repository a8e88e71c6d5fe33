// Package atomicfile reads and writes small files of the user's own. It writes
// them in one step: a reader, also after a crash, finds either the whole former
// content or the whole new one. It reads only what ends: regular files, up to a
// limit.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Write makes data the content of the file at path, with the given mode, and
// makes its folder, for the user alone, if there is none. A symbolic link is
// replaced, not followed. On Windows, where only the write bit of a mode has a
// meaning, it fails while another program has the file open.
//
// Until it has its name the new file is hidden: programs that read all files of
// a folder, as desktops do with autostart entries, leave it out.
//
// What a process that was killed has left of the new file is removed by a later
// Write, once it is an hour old.
func Write(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, func(string) {})
}

// write does what Write does. It calls before with the name of each step that
// changes the folder, before it takes it: a process may end at any of them.
func write(path string, data []byte, mode fs.FileMode, before func(step string)) error {
	dir, file := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	before("make folder")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	before("create")
	f, err := os.CreateTemp(dir, "."+file+"-*")
	if err != nil {
		return err
	}
	before("write")
	_, err = f.Write(data)
	if err == nil {
		before("set mode")
		err = f.Chmod(mode)
	}
	if err == nil {
		before("sync")
		// Otherwise a power cut could keep the new name and lose the content.
		err = f.Sync()
	}
	before("close")
	err = errors.Join(err, f.Close())
	if err == nil {
		before("rename")
		err = os.Rename(f.Name(), path)
	}
	before("clean up")
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	removeLeftovers(dir, file)
	return nil
}

// leftoverAge is how old an unfinished file must be to be removed: no write
// takes so long, so nobody is still writing it.
const leftoverAge = time.Hour

// removeLeftovers removes unfinished files of writes to a file. One that cannot
// be removed does no harm.
func removeLeftovers(dir, file string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), "."+file+"-")
		if !ours || strings.Trim(rest, "0123456789") != "" {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > leftoverAge {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
