// Package timeline remembers what presence was wanted over the last day and
// why, so that `heliograph why` can tell it. It keeps one small file of the
// user's own, which is never the cause of a failure: what cannot be read is
// skipped, what cannot be written is remembered until the end.
//
// It refuses to hold a message text or a window title: [Entry] has no field
// for them.
package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"heliograph/tray/atomicfile"
)

// Entry is one change: from At on this held, until the next entry.
type Entry struct {
	At           time.Time `json:"at"`
	Availability string    `json:"availability"`
	Activity     string    `json:"activity"`
	Rule         string    `json:"rule"`
	App          string    `json:"app,omitempty"`
}

// Bounds of the file: a day has some dozens of changes, a desk gone wild some
// thousands. Older entries go once a bound is met.
const (
	Span       = 24 * time.Hour
	maxEntries = 2000
	maxBytes   = 200 << 10
	// maxText bounds one text of an entry; programs name themselves.
	maxText = 120
)

// Log is the timeline. All methods may be called from any goroutine.
type Log struct {
	log  *slog.Logger
	path string // empty: nothing outlives the process

	mu      sync.Mutex
	entries []Entry // in the order they were added
	file    *os.File
	size    int  // of the file
	failing bool // the last write failed, and that was logged
	closed  bool
}

// Open reads the timeline at path and goes on with it. An empty path keeps it
// in memory alone.
func Open(path string, log *slog.Logger) *Log {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &Log{log: log, path: path}
	if path == "" {
		return l
	}
	raw, whole, err := readEnd(path, 2*maxBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the timeline cannot be read: it begins anew", "file", path, "error", err)
	}
	var damaged int
	l.entries, damaged = parse(raw)
	if damaged > 0 {
		log.Warn("some of the timeline could not be read", "file", path, "lines", damaged)
	}
	l.size = len(raw)
	if damaged > 0 || !whole || l.full() {
		l.compact(time.Now())
	}
	return l
}

// readEnd reads at most the last n bytes of a file, and tells whether that is
// all of it.
func readEnd(path string, n int64) ([]byte, bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, true, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, true, err
	}
	if !info.Mode().IsRegular() {
		return nil, true, fmt.Errorf("%s is no regular file", path)
	}
	over := info.Size() - n
	if over > 0 {
		if _, err := f.Seek(over, io.SeekStart); err != nil {
			return nil, true, err
		}
	}
	raw, err := io.ReadAll(io.LimitReader(f, n))
	return raw, over <= 0, err
}

// parse reads the lines that are whole, and counts those that are not.
func parse(raw []byte) (entries []Entry, damaged int) {
	for len(raw) > 0 {
		line, rest, ended := bytes.Cut(raw, []byte("\n"))
		raw = rest
		var e Entry
		bad := !ended || json.Unmarshal(line, &e) != nil
		if e = e.tidy(); bad || !e.valid() {
			damaged++
			continue
		}
		entries = append(entries, e)
	}
	return entries, damaged
}

// valid reports whether e says when and why, at an instant that JSON can hold.
func (e Entry) valid() bool {
	year := e.At.UTC().Year()
	return !e.At.IsZero() && year >= 1970 && year < 9999 && e.Rule != ""
}

// tidy bounds the texts and takes the monotonic clock out, which no other
// process could read.
func (e Entry) tidy() Entry {
	e.At = e.At.Round(0)
	for _, s := range []*string{&e.Availability, &e.Activity, &e.Rule, &e.App} {
		if len(*s) > maxText {
			*s = (*s)[:maxText]
		}
		*s = strings.ToValidUTF8(*s, "")
	}
	return e
}

// Add appends e, unless it says the same as the entry before.
func (l *Log) Add(e Entry) {
	e = e.tidy()
	if !e.valid() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.entries); n > 0 {
		last := l.entries[n-1]
		if last.At = e.At; last == e {
			return
		}
	}
	l.entries = append(l.entries, e)
	if l.path != "" && !l.closed {
		l.note(l.append(e))
	}
	if l.full() {
		l.compact(e.At)
	}
}

// note logs the first of several failures.
func (l *Log) note(err error) {
	if err != nil && !l.failing {
		l.log.Warn("the timeline cannot be kept", "file", l.path, "error", err)
	}
	l.failing = err != nil
}

// append writes one line. Whoever reads skips a line that a crash cut short.
func (l *Log) append(e Entry) error {
	if l.file == nil {
		if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
			return err
		}
		f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		if err := f.Chmod(0o600); err != nil { // whoever made it
			l.log.Debug("timeline", "error", err)
		}
		l.file = f
	}
	line, err := encode(e)
	if err != nil {
		return err
	}
	n, err := l.file.Write(line)
	l.size += n
	if err != nil {
		l.file.Close()
		l.file = nil
	}
	return err
}

func encode(e Entry) ([]byte, error) {
	line, err := json.Marshal(e)
	return append(line, '\n'), err
}

func (l *Log) full() bool { return len(l.entries) > maxEntries || l.size > maxBytes }

// keep returns the lines to keep once a bound is met: those of the last day,
// and no more than half of what there is room for, so that compacting is rare.
// An instant ahead of now is kept: it was the clock that went back, not the
// user.
func keep(entries []Entry, now time.Time) ([]Entry, []byte) {
	old := now.Add(-Span)
	entries = slices.DeleteFunc(entries, func(e Entry) bool { return e.At.Before(old) })
	first, size := len(entries), 0
	var lines [][]byte // newest first
	for first > 0 && len(lines) < maxEntries/2 {
		line, err := encode(entries[first-1])
		if err != nil || size+len(line) > maxBytes/2 {
			break
		}
		first, size, lines = first-1, size+len(line), append(lines, line)
	}
	slices.Reverse(lines)
	return slices.Clone(entries[first:]), bytes.Join(lines, nil)
}

// compact writes what is kept to a new file, which takes the old one's place in
// one step: a crash leaves one of them whole.
func (l *Log) compact(now time.Time) {
	var text []byte
	if l.entries, text = keep(l.entries, now); l.path != "" && !l.closed {
		l.note(l.replace(text))
	}
}

func (l *Log) replace(text []byte) error {
	if l.file != nil {
		l.file.Close() // Windows renames over no open file
		l.file = nil
	}
	l.size = len(text)
	return atomicfile.Write(l.path, text, 0o600)
}

// Since returns what was wanted from t on, in the order it happened: the
// changes of t and later, and first the one that held at t, if it is known. A
// clock that was set back shows as instants that go back.
func (l *Log) Since(t time.Time) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := slices.IndexFunc(l.entries, func(e Entry) bool { return !e.At.Before(t) })
	if first < 0 {
		first = len(l.entries)
	}
	out := slices.Clone(l.entries[max(0, first-1):first])
	for _, e := range l.entries[first:] {
		if !e.At.Before(t) {
			out = append(out, e)
		}
	}
	return out
}

// Close closes the file; it may be called twice. What is added later is
// remembered by this process alone.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
