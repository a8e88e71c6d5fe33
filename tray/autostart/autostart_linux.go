package autostart

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"heliograph/tray/atomicfile"
	"heliograph/tray/folders"
)

// entryFile is the name of the entry in the autostart folder.
const entryFile = "heliograph.desktop"

// errSandbox is the error inside a Flatpak, whose own autostart folder no
// desktop reads.
var errSandbox = errors.New("inside a Flatpak it is set in the desktop's own settings for starting programs")

func state() (bool, error) {
	paths, err := entryPaths()
	if err != nil {
		return false, err
	}
	for _, path := range paths {
		raw, err := atomicfile.Read(path, maxEntry)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		e, err := parseEntry(string(raw))
		if err != nil {
			return false, err
		}
		return !e.off && e.exec != "" && canStart(e.tryExec), nil // the first entry overrides the others
	}
	return false, nil
}

// canStart reports whether the program of a TryExec exists and may be started;
// it is true for an empty one.
func canStart(program string) bool {
	if program == "" {
		return true
	}
	if filepath.IsAbs(program) {
		fi, err := os.Stat(program)
		return err == nil && fi.Mode().IsRegular() && fi.Mode().Perm()&0o111 != 0
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(dir) && canStart(filepath.Join(dir, program)) {
			return true
		}
	}
	return false
}

func enable(exe string, args []string) error {
	paths, err := entryPaths()
	if err != nil {
		return err
	}
	text, err := renderEntry(exe, args)
	if err != nil {
		return err
	}
	return atomicfile.Write(paths[0], []byte(text), 0o644)
}

func disable() error {
	paths, err := entryPaths()
	if err != nil {
		return err
	}
	for _, path := range paths[1:] {
		if _, err := os.Stat(path); err == nil {
			return atomicfile.Write(paths[0], []byte(hiddenEntry), 0o644)
		}
	}
	return remove(paths[0])
}

// entryPaths lists the places where an entry may be, the user's own first. Paths
// that are not absolute are ignored, as the specification requires.
//
// Source: https://specifications.freedesktop.org/basedir-spec
func entryPaths() ([]string, error) {
	if _, err := os.Stat("/.flatpak-info"); err == nil {
		return nil, errSandbox
	}
	own, err := folders.Config()
	if err != nil {
		return nil, err
	}
	dirs := []string{own}
	common := os.Getenv("XDG_CONFIG_DIRS")
	if common == "" {
		common = "/etc/xdg"
	}
	for _, dir := range strings.Split(common, ":") {
		if filepath.IsAbs(dir) {
			dirs = append(dirs, dir)
		}
	}
	for i, dir := range dirs {
		dirs[i] = filepath.Join(dir, "autostart", entryFile)
	}
	return dirs, nil
}
