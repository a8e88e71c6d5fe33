package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"heliograph/graph/presence"
	"heliograph/tray/atomicfile"
	"heliograph/tray/folders"
)

// memory is what outlives the process, in one small file of the user's own. It
// holds no secret, and is never the cause of a failed start.
type memory struct {
	log  *slog.Logger
	path string // empty: nothing is kept

	mu   sync.Mutex
	data kept
}

type kept struct {
	Presence presence.Saved `json:"presence"`
	Told     []string       `json:"told,omitempty"` // what was told once
}

// openMemory reads the file; in the demo it lies in a folder that goes with it.
func openMemory(log *slog.Logger, dir string, demo bool) *memory {
	m := &memory{log: log}
	if !demo {
		var err error
		if dir, err = folders.State(); err != nil {
			log.Warn("nothing is remembered over a restart", "error", err)
			return m
		}
	}
	m.path = filepath.Join(dir, "state.json")
	raw, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return m
	}
	if err == nil {
		err = json.Unmarshal(raw, &m.data)
	}
	if err != nil {
		log.Warn("what was remembered cannot be read", "file", m.path, "error", err)
		m.data = kept{}
	}
	return m
}

// change updates the file in one step, so that a crash leaves the old or the
// new one whole.
func (m *memory) change(f func(*kept)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.data)
	if m.path == "" {
		return
	}
	raw, err := json.Marshal(m.data)
	if err == nil {
		err = atomicfile.Write(m.path, raw, 0o600)
	}
	if err != nil {
		m.log.Warn("it could not be remembered", "file", m.path, "error", err)
	}
}

func (m *memory) saved() presence.Saved {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data.Presence
}

func (m *memory) keep(s presence.Saved) { m.change(func(k *kept) { k.Presence = s }) }

// firstTime reports whether this was never told before, and remembers it.
func (m *memory) firstTime(what string) bool {
	m.mu.Lock()
	known := slices.Contains(m.data.Told, what)
	m.mu.Unlock()
	if !known {
		m.change(func(k *kept) { k.Told = append(k.Told, what) })
	}
	return !known
}
