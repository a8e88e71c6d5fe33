package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzMemory: whatever state.json holds, heliograph starts, and what it writes then
// is read again as it was.
func FuzzMemory(f *testing.F) {
	for _, seed := range []string{`{"presence":{"Choice":{"Status":"dnd"}},"told":["a"]}`, `{}`, `null`, `[]`, `{"presence":[]}`, `{"told":{"a":1}}`, "\x00", `{"presence":{"Choice":{"Status":"dnd","Until":"0001-01-01T00:00:00Z"}}}`} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	log := slog.New(slog.DiscardHandler)
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, "state.json"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		m := openMemory(log, dir, true)
		saved := m.saved()
		saved.Choice.Since = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
		m.keep(saved)
		told := m.firstTime("a notice")
		again := openMemory(log, dir, true)
		if got := again.saved(); !got.Choice.Since.Equal(saved.Choice.Since) || got.Choice.Status != saved.Choice.Status {
			t.Errorf("%q: written %+v, read %+v", content, saved, got)
		}
		if told && again.firstTime("a notice") {
			t.Errorf("%q: a notice comes twice", content)
		}
	})
}
