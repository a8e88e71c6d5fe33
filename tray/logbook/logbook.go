// Package logbook is the log file of the running instance: bounded, readable by
// its user alone, and followed line by line by whoever asks the instance for it.
//
// It refuses to judge what is logged: secrets, message texts and window titles
// must not be passed to it.
package logbook

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"heliograph/tray/atomicfile"
	"heliograph/tray/folders"
)

// maxLogSize is the size in bytes beyond which no line is added to the log
// file: it is renamed and a new one begins. A quiet month takes some hundred
// kilobytes.
const maxLogSize = 1 << 20

// olderLog is the suffix of the one older log file that is kept.
const olderLog = ".1"

// maxTail is how much of the log a follower gets first, in bytes.
const maxTail = 16 << 10

// maxBehind is how many lines a follower may fall behind before it misses some.
const maxBehind = 256

// Book is an open log file. It is an io.Writer for log/slog, and all its methods
// may be called from any goroutine.
type Book struct {
	path string

	mu      sync.Mutex
	file    *os.File  // nil: closed
	size    int64     // of file
	also    io.Writer // nil: none
	problem error     // of the last line, or of opening
	subs    map[chan string]struct{}
}

// Path returns the path of the log of this user's instance.
func Path() (string, error) {
	dir, err := folders.Logs()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "heliograph.log"), nil
}

// Open returns a log that is written to the file at path, with its folder, and to
// also, unless that is nil. It never fails: a file that cannot be written costs
// its lines and nothing else, each line tries it again, and Problem says why. An
// empty path means no file.
func Open(path string, also io.Writer) *Book {
	b := &Book{path: path, also: also, subs: map[chan string]struct{}{}}
	b.problem = b.open()
	return b
}

// Problem returns why the last line is not in the file; nil: it is.
func (b *Book) Problem() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.problem
}

var errNoPath = errors.New("there is no folder for it")

// Write adds one line to the file, to the second writer and to the followers.
// An error of one of them does not keep the line from the others.
func (b *Book) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.append(line)
	b.problem = err
	if b.also != nil {
		_, aerr := b.also.Write(line)
		err = errors.Join(err, aerr)
	}
	for ch := range b.subs {
		select {
		case ch <- string(line):
		default: // it is too slow; the line is in the file
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
	if err != nil { // the disk may be full, or the file on one that was removed
		b.file.Close()
		b.file = nil
	}
	return err
}

// open opens the file unless it is open. The lock is held.
func (b *Book) open() error {
	if b.file != nil {
		return nil
	}
	if b.path == "" {
		return errNoPath
	}
	if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
		return err
	}
	f, err := atomicfile.OpenAppend(b.path, 0o600)
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

// Close closes the file. A later Write opens it again.
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
// after it, and a function that ends the channel's use. No line is in both, and
// none is missing between them.
func (b *Book) Follow() (tail string, lines <-chan string, stop func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if tail, err = readTail(b.path); err != nil {
		return "", nil, nil, err
	}
	ch := make(chan string, maxBehind)
	b.subs[ch] = struct{}{}
	return tail, ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, ch)
	}, nil
}

// readTail returns the last whole lines of the log file at path, at most 16 KiB; a
// file that does not exist is empty.
func readTail(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	f, err := atomicfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("log file: %w", err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	from := max(0, size-maxTail)
	if err == nil {
		_, err = f.Seek(from, io.SeekStart)
	}
	raw, rerr := io.ReadAll(io.LimitReader(f, maxTail))
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
