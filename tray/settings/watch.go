package settings

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A file is read when nothing has happened to it for quiet, so that it is not
// read half written, or after atMost at the latest.
const (
	quiet  = 250 * time.Millisecond
	atMost = 2 * time.Second
)

// watch calls changed when the file at path may have changed, until ctx ends:
// it was written, renamed into place or removed, or its folder was made or
// replaced. A link is followed. Its error is why it cannot go on.
func watch(ctx context.Context, path string, changed func()) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	f := &fileWatch{path: path, watcher: w}
	if err := f.follow(); err != nil {
		return err
	}
	changed() // it may have changed before it was watched
	return settle(ctx, w.Events, w.Errors, f.concerns, func() error {
		err := f.follow()
		changed()
		return err
	})
}

// settle calls do once the file's events have stopped for a moment. An error of
// the source may mean that any event was lost.
func settle(ctx context.Context, events <-chan fsnotify.Event, errs <-chan error, concerns func(string) bool, do func() error) error {
	timer := time.NewTimer(atMost)
	timer.Stop()
	defer timer.Stop()
	var deadline time.Time // zero: nothing has happened
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-events:
			if !concerns(e.Name) {
				continue
			}
		case <-errs:
		case <-timer.C:
			deadline = time.Time{}
			if err := do(); err != nil {
				return err
			}
			continue
		}
		now := time.Now()
		if deadline.IsZero() {
			deadline = now.Add(atMost)
		}
		timer.Reset(max(0, min(quiet, deadline.Sub(now))))
	}
}

// fileWatch watches the folders that a file's content depends on: those of the
// file and of what it links to, or where one is missing, the folder that it is
// missing from.
type fileWatch struct {
	path    string // absolute
	watcher *fsnotify.Watcher
	files   []string // the file and what it links to
}

// follow watches the folders that count now.
func (f *fileWatch) follow() error {
	for range 5 { // a folder may appear while its parent is being watched
		files, folders := places(f.path)
		watched := f.watcher.WatchList()
		for _, dir := range watched {
			if !slices.Contains(folders, dir) {
				_ = f.watcher.Remove(dir) // it may be gone
			}
		}
		for _, dir := range folders {
			if err := f.watcher.Add(dir); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("folder %s: %w", dir, err)
			}
		}
		f.files = files
		if _, again := places(f.path); slices.Equal(again, folders) {
			return nil
		}
	}
	return nil
}

// places returns the names under which a file's content can change, without
// links, and the folder to watch for each.
func places(path string) (files, folders []string) {
	add := func(path string) {
		dir, rest := existing(filepath.Dir(path))
		if file := filepath.Join(dir, rest, filepath.Base(path)); !slices.Contains(files, file) {
			files = append(files, file)
		}
		if !slices.Contains(folders, dir) {
			folders = append(folders, dir)
		}
	}
	add(path)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		add(target)
	}
	return files, folders
}

// existing returns the longest part of a path that exists as a folder, without
// links, and the rest of the path.
func existing(dir string) (folder, rest string) {
	for {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			if fi, err := os.Stat(real); err == nil && fi.IsDir() {
				return real, rest
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return dir, rest
		}
		dir, rest = parent, filepath.Join(filepath.Base(dir), rest)
	}
}

// concerns reports whether an event with this name may change the content: it
// names the file or a folder above it. Not every system keeps the case.
func (f *fileWatch) concerns(name string) bool {
	name = filepath.Clean(name)
	return slices.ContainsFunc(f.files, func(file string) bool {
		return strings.EqualFold(file, name) ||
			len(file) > len(name) && file[len(name)] == filepath.Separator && strings.EqualFold(file[:len(name)], name)
	})
}
