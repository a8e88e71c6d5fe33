package logbook

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Lines that repeat are counted instead of written: a broker, a service or a
// program that misbehaves could otherwise fill the log within minutes and push
// out what led to it. Of one message, most lines pass within a window; an
// ordinary day has far fewer.
const (
	repeatWindow = time.Minute
	repeatMost   = 20
)

// Handler returns a slog handler that writes to b. Of each message at most
// twenty lines a minute are written; one more says how many were left out.
func (b *Book) Handler(level slog.Leveler) slog.Handler {
	return limit(slog.NewTextHandler(b, &slog.HandlerOptions{Level: level}))
}

// limited is a handler that leaves lines out.
type limited struct {
	slog.Handler
	windows *windows
}

func limit(to slog.Handler) slog.Handler {
	return limited{to, &windows{to: to, open: map[string]*window{}}}
}

// WithAttrs and WithGroup share the counts: the message tells what repeats.
func (l limited) WithAttrs(attrs []slog.Attr) slog.Handler {
	return limited{l.Handler.WithAttrs(attrs), l.windows}
}

func (l limited) WithGroup(name string) slog.Handler {
	return limited{l.Handler.WithGroup(name), l.windows}
}

// Handle writes a line, or counts it.
func (l limited) Handle(ctx context.Context, r slog.Record) error {
	if !l.windows.admit(r) {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}

// windows counts the lines of each message.
type windows struct {
	to slog.Handler

	mu   sync.Mutex
	open map[string]*window // by message
	// forgot is when windows that are over were dropped last.
	forgot time.Time
}

// window is the present minute of one message.
type window struct {
	began   time.Time
	lines   int
	left    int // out
	level   slog.Level
	closing *time.Timer // writes how many were left out; nil: none was
}

// maxWindows bounds how many messages are counted at once. The program has fewer;
// only a library that puts values into its messages would have more.
const maxWindows = 1000

// otherMessages counts, as one, those for which there is no room.
const otherMessages = "others"

// admit reports whether a line is written.
func (w *windows) admit(r slog.Record) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	name := r.Message
	if w.open[name] == nil && len(w.open) >= maxWindows {
		if now.Sub(w.forgot) >= repeatWindow/10 { // not with each line: it looks at all
			w.forgot = now
			w.forget(now)
		}
		if len(w.open) >= maxWindows {
			name = otherMessages
		}
	}
	open := w.open[name]
	if open == nil || (open.left == 0 && now.Sub(open.began) >= repeatWindow) {
		open = &window{began: now}
		w.open[name] = open
	}
	if open.lines < repeatMost {
		open.lines++
		return true
	}
	open.left++
	open.level = max(open.level, r.Level)
	if open.closing == nil {
		open.closing = time.AfterFunc(max(0, repeatWindow-now.Sub(open.began)), func() { w.close(name, open) })
	}
	return false
}

// close ends a window and writes how many lines it left out.
func (w *windows) close(message string, open *window) {
	w.mu.Lock()
	delete(w.open, message)
	left, level := open.left, open.level
	w.mu.Unlock()
	r := slog.NewRecord(time.Now(), level, "lines were left out of the log: they repeat", 0)
	r.AddAttrs(slog.String("line", message), slog.Int("count", left))
	// A log that cannot be written has no place to say so; see Book.Problem.
	_ = w.to.Handle(context.Background(), r)
}

// forget drops the windows that are over and left nothing out. The lock is held.
func (w *windows) forget(now time.Time) {
	for message, open := range w.open {
		if open.left == 0 && now.Sub(open.began) >= repeatWindow {
			delete(w.open, message)
		}
	}
}
