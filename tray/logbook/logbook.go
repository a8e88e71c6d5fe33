// Package logbook is the log file of the running instance: two files of one
// megabyte at most, readable by the user alone, whose new lines others can
// follow.
package logbook

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"heliograph/tray/folders"
)

// maxLogSize is the size in bytes beyond which no line is added to the log
// file: it is renamed and a new one begins. A quiet month takes some hundred
// kilobytes.
const maxLogSize = 1 << 20

// olderLog is the suffix of the one older log file that is kept.
const olderLog = ".1"

// logTail is how much of the log a follower gets first.
const logTail = 16 << 10

// logAhead is how many lines a follower may fall behind before it misses some.
const logAhead = 256

// Book is an open log file. It is an io.Writer for log/slog; its methods may be
// called from any goroutine.
type Book struct {
	path string

	mu   sync.Mutex
	file *os.File  // nil: closed
	size int64     // of file
	also io.Writer // nil: none
	subs map[chan string]struct{}
}

// Path is the log file.
func Path() (string, error) {
	dir, err := folders.Logs()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "heliograph.log"), nil
}

// Open logs to the file at path, and to also unless it is nil.
func Open(path string, also io.Writer) (*Book, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("folder for the log: %w", err)
	}
	// A file that is there keeps its mode: nobody else is to read on.
	if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("log file: %w", err)
	}
	return &Book{path: path, also: also, subs: map[chan string]struct{}{}}, nil
}

// Write takes one line. A disk that is full costs the file, not the program.
func (b *Book) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.append(line)
	if b.also != nil {
		_, aerr := b.also.Write(line)
		err = errors.Join(err, aerr)
	}
	for ch := range b.subs {
		select {
		case ch <- string(line):
		default: // it reads too slowly: what it misses is in the file
		}
	}
	return len(line), err
}

// append writes one line to the file, into a new one where it would become too
// large. The lock is held.
func (b *Book) append(line []byte) error {
	if err := b.open(); err != nil {
		return err
	}
	if b.size > 0 && b.size+int64(len(line)) > maxLogSize {
		if err := b.rotate(); err != nil {
			return err
		}
	}
	n, err := b.file.Write(line)
	b.size += int64(n)
	return err
}

// open opens the file unless it is open. The lock is held.
func (b *Book) open() error {
	if b.file != nil {
		return nil
	}
	f, err := os.OpenFile(b.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	fi, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	b.file, b.size = f, fi.Size()
	return nil
}

// rotate makes the file the older one and begins a new one. A file that cannot
// be renamed, as on Windows while somebody reads it, is emptied instead. The
// lock is held.
func (b *Book) rotate() error {
	err := b.file.Close()
	b.file = nil
	if err == nil && os.Rename(b.path, b.path+olderLog) != nil {
		err = os.Truncate(b.path, 0)
	}
	if err != nil {
		return err
	}
	return b.open()
}

// Close closes the file; what is written later opens it again.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	err := b.file.Close()
	b.file = nil
	return err
}

// Follow returns the end of the file, a channel with each line that is written
// from then on, and a function that ends it. No line is missing or doubled between
// the two; a receiver that falls far behind misses lines.
func (b *Book) Follow() (tail string, lines <-chan string, stop func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if tail, err = readTail(b.path); err != nil {
		return "", nil, nil, err
	}
	ch := make(chan string, logAhead)
	b.subs[ch] = struct{}{}
	return tail, ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, ch)
	}, nil
}

// readTail reads the last whole lines of the log file at path; one that is not
// there is empty.
func readTail(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("log file: %w", err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	from := max(0, size-logTail)
	if err == nil {
		_, err = f.Seek(from, io.SeekStart)
	}
	raw, rerr := io.ReadAll(io.LimitReader(f, logTail))
	if err = errors.Join(err, rerr); err != nil {
		return "", fmt.Errorf("log file: %w", err)
	}
	if from > 0 {
		for i, c := range raw {
			if c == '\n' {
				raw = raw[i+1:]
				break
			}
		}
	}
	return string(raw), nil
}
