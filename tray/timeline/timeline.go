// Package timeline stores which presence was wanted over the last day and why,
// for `heliograph why`. It uses one small file that only the user may read. The
// file never causes a failure: lines that cannot be read are skipped, and
// entries that cannot be written are kept in memory until the program ends.
//
// It refuses to store a message text or a window title: [Entry] has no field
// for them.
package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
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

// Entry is one change: what held from At until the next entry.
type Entry struct {
	At           time.Time `json:"at"`
	Availability string    `json:"availability"`
	Activity     string    `json:"activity"`
	Rule         string    `json:"rule"`
	App          string    `json:"app,omitempty"`
}

// Bounds of the file. An ordinary day has some dozens of changes; a microphone
// that starts and stops all day makes some thousands. When a bound is exceeded,
// the older entries are removed.
const (
	Span       = 24 * time.Hour
	maxEntries = 2000
	maxBytes   = 200 << 10
	// maxText bounds one text of an entry: the name of a program may be of any
	// length.
	maxText = 120
)

// Log is the timeline. All methods may be called from any goroutine.
type Log struct {
	log  *slog.Logger
	path string // empty: the timeline is in memory only

	mu      sync.Mutex
	entries []Entry // in the order they were added
	file    *os.File
	size    int  // of the file
	failing bool // the last write failed, and that was logged
	closed  bool
}

// Open reads the timeline at path; later entries are appended to it. With an
// empty path the timeline is in memory only.
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
		log.Warn("the timeline cannot be read: a new one is started", "file", path, "error", err)
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

// readEnd reads at most the last n bytes of a file, and reports whether that is
// all of it.
func readEnd(path string, n int64) ([]byte, bool, error) {
	f, err := atomicfile.Open(path)
	if err != nil {
		return nil, true, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, true, err
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

// parse decodes the lines, and counts those that are damaged.
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

// valid reports whether e has an instant that JSON can hold, and a rule.
func (e Entry) valid() bool {
	year := e.At.UTC().Year()
	return !e.At.IsZero() && year >= 1970 && year < 9999 && e.Rule != ""
}

// tidy bounds the texts and removes the monotonic clock, which means nothing to
// another process.
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

// Add appends e, unless only its instant differs from the entry before.
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
		l.log.Warn("the timeline cannot be written", "file", l.path, "error", err)
	}
	l.failing = err != nil
}

// append writes one line. Open skips a line that a crash has cut short.
func (l *Log) append(e Entry) error {
	if l.file == nil {
		if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
			return err
		}
		f, err := atomicfile.OpenAppend(l.path, 0o600)
		if err != nil {
			return err
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

// keep returns the entries to keep when a bound is exceeded, and their lines:
// those of the last day, and at most half of what the bounds allow, so that
// compacting is rare. An entry with an instant ahead of now is kept: the clock
// was set back.
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

// compact replaces the file by one with the entries to keep, in one step: after
// a crash one of the two files is there, and complete.
func (l *Log) compact(now time.Time) {
	var text []byte
	if l.entries, text = keep(l.entries, now); l.path != "" && !l.closed {
		l.note(l.replace(text))
	}
}

func (l *Log) replace(text []byte) error {
	if l.file != nil {
		l.file.Close() // Windows does not replace an open file
		l.file = nil
	}
	l.size = len(text)
	return atomicfile.Write(l.path, text, 0o600)
}

// Since returns the entries from t on in the order in which they were added,
// and before them the one that held at t, if it is known. Where the clock was
// set back, the instants go back too.
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

// Close closes the file. It may be called twice. Entries that are added later
// are kept in memory only.
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
