package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"heliograph/tray/folders"
)

// Path returns the path of the settings file that is used unless a person names
// another one.
func Path() (string, error) {
	dir, err := folders.Settings()
	if err != nil {
		return "", fmt.Errorf("%w: set HOME, or name a file with --config", err)
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
	data, err := readAll(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return document{}, &Problem{File: path, Text: "cannot be read: " + cause(err).Error()}
	}
	d, p := parse(data)
	if p != nil {
		p.File = path
	}
	return d, p
}

// readAll reads a file as far as it may be one of settings: whoever names a
// device gets an error, not a program that reads without an end.
func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSize+1))
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

// EnsureFile writes the commented default file if there is none at path.
func EnsureFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the folder for settings cannot be made: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the settings file cannot be made: %w", err)
	}
	if _, err := f.WriteString(template); err != nil {
		f.Close()
		return fmt.Errorf("the settings file cannot be written: %w", err)
	}
	return f.Close()
}
