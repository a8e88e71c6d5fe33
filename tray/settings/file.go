package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"heliograph/tray/atomicfile"
	"heliograph/tray/folders"
)

// ErrNoFolder reports that this user has no folder for settings.
var ErrNoFolder = errors.New("set HOME, or name a file with --config")

// Path returns the path of the settings file that is used unless a person names
// another one, or ErrNoFolder.
func Path() (string, error) {
	dir, err := folders.Settings()
	if err != nil {
		return "", fmt.Errorf("%w: %w", err, ErrNoFolder)
	}
	return filepath.Join(dir, "config.toml"), nil
}

// document is a settings file that was understood.
type document struct {
	data   []byte
	config Config         // its values over the defaults
	lines  map[string]int // the line of each key that it sets
}

// readFile reads the file at path; one that does not exist is empty.
func readFile(path string) (document, *Problem) {
	data, err := atomicfile.Read(path, maxSize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return document{}, &Problem{File: path, Text: "cannot be read: " + cause(err).Error()}
	}
	d, p := parse(data)
	if p != nil {
		p.File = path
	}
	return d, p
}

// cause returns an error of the file system without the path, which precedes it
// in the message.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// maxSize is far above any file that a person writes, and far below what could
// delay the start.
const maxSize = 1 << 20

// parse reads the text of a settings file over the defaults.
func parse(data []byte) (document, *Problem) {
	d := document{data: data, config: Default(), lines: map[string]int{}}
	entries, p := decode(data, &d.config)
	if p != nil {
		return document{}, p
	}
	if p := d.config.check(); p != nil {
		return document{}, p.at(entries)
	}
	for _, e := range entries {
		if key := plainKey(e.key); d.lines[key] == 0 {
			d.lines[key] = e.line
		}
	}
	return d, nil
}

// decode reads a TOML text over c.
func decode(data []byte, c *Config) ([]entry, *Problem) {
	// Windows' Notepad may begin a file with this mark.
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > maxSize:
		return nil, &Problem{Text: fmt.Sprintf("is larger than %d bytes", maxSize)}
	case !utf8.Valid(data):
		return nil, &Problem{Text: "is not UTF-8 text: have your editor save it as UTF-8"}
	}
	entries := scan(data)
	if p := kindProblem(entries); p != nil {
		return nil, p
	}
	d := toml.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, decodingProblem(err, data)
	}
	return entries, nil
}

// EnsureFile writes the commented default file if there is none at path. A link
// that leads nowhere counts as a file: its target may be there later.
func EnsureFile(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	if err := atomicfile.Write(path, []byte(template), 0o600); err != nil {
		return fmt.Errorf("the settings file cannot be made: %w", err)
	}
	return nil
}
