package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"

	"heliograph/tray/atomicfile"
)

// Files in the folder of the state.
const (
	menuFile     = "menu.json"
	lastGoodFile = "last-good-config.toml"
	// formerFile kept the menu's part before it had a file of its own.
	formerFile = "state.json"
)

// readMenu reads what the menu had set; a file that cannot be read is none.
func readMenu(state string, log *slog.Logger) Menu {
	if state == "" {
		return Menu{}
	}
	m, err := readMenuFile(filepath.Join(state, menuFile))
	if errors.Is(err, fs.ErrNotExist) {
		m, err = moveMenu(state)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("what was set in the menu cannot be read", "error", err)
		return Menu{}
	}
	return m
}

func readMenuFile(path string) (Menu, error) {
	raw, err := atomicfile.Read(path, maxSize)
	if err != nil {
		return Menu{}, err
	}
	var m Menu
	err = json.Unmarshal(raw, &m)
	return m, err
}

// moveMenu takes over what an earlier version kept in another file, which its
// owner writes anew without it.
func moveMenu(state string) (Menu, error) {
	m, err := readMenuFile(filepath.Join(state, formerFile))
	if err != nil {
		return Menu{}, err
	}
	return m, writeMenu(state, m)
}

func writeMenu(state string, m Menu) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(state, menuFile), raw, 0o600)
}

// saveMenu saves each change of the menu's part, and the last one when ctx ends.
func (o *Owner) saveMenu(ctx context.Context) {
	for {
		select {
		case <-o.unsaved:
			o.saveMenuNow()
		case <-ctx.Done():
			select {
			case <-o.unsaved:
				o.saveMenuNow()
			default:
			}
			return
		}
	}
}

func (o *Owner) saveMenuNow() {
	if o.opts.State == "" {
		return
	}
	o.mu.Lock()
	m := o.menu
	o.mu.Unlock()
	if err := writeMenu(o.opts.State, m); err != nil {
		o.opts.Log.Warn("what was set in the menu cannot be kept", "error", err)
	}
}

// copyOf ends a copy of the last good file, and names the file: another one may
// be used the next time.
func copyOf(path string) []byte {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return []byte("\n# The last good copy of " + path + "\n")
}

// readLastGood reads the copy of the last good file at path, and reports
// whether there is one that can be used.
func readLastGood(state, path string) (document, bool) {
	if state == "" {
		return document{}, false
	}
	raw, err := atomicfile.Read(filepath.Join(state, lastGoodFile), 2*maxSize)
	if err != nil {
		return document{}, false
	}
	data, ours := bytes.CutSuffix(raw, copyOf(path))
	if !ours {
		return document{}, false
	}
	d, p := parse(data)
	return d, p == nil
}

// writeLastGood keeps a copy of the file at path, unless it is there.
func writeLastGood(state, path string, data []byte) error {
	data = append(bytes.Clone(data), copyOf(path)...)
	target := filepath.Join(state, lastGoodFile)
	if old, err := atomicfile.Read(target, 2*maxSize); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return atomicfile.Write(target, data, 0o600)
}
