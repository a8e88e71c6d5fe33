package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
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

// maxMemory is far above what is kept, some hundred bytes, and far below what
// could delay the start.
const maxMemory = 1 << 20

type kept struct {
	Presence presence.Saved `json:"presence"`
	// Told lists the notices that are shown once.
	Told []string `json:"told,omitempty"`
}

// openMemory reads the file; the demo has it in a folder of its own, which is
// removed at its end.
func openMemory(log *slog.Logger, dir string, demo bool) *memory {
	m := &memory{log: log}
	if !demo {
		var err error
		if dir, err = folders.State(); err != nil {
			log.Warn("nothing is kept for the next start", "error", err)
			return m
		}
	}
	m.path = filepath.Join(dir, "state.json")
	raw, err := atomicfile.Read(m.path, maxMemory)
	if errors.Is(err, fs.ErrNotExist) {
		return m
	}
	if err == nil {
		err = json.Unmarshal(raw, &m.data)
	}
	if err != nil {
		log.Warn("the saved state cannot be read", "file", m.path, "error", err)
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
		m.log.Warn("the state could not be saved", "file", m.path, "error", err)
	}
}

func (m *memory) saved() presence.Saved {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data.Presence
}

func (m *memory) keep(s presence.Saved) { m.change(func(k *kept) { k.Presence = s }) }

// firstTime reports whether a notice was never shown before, and remembers that it
// is shown now.
func (m *memory) firstTime(what string) bool {
	m.mu.Lock()
	known := slices.Contains(m.data.Told, what)
	m.mu.Unlock()
	if !known {
		m.change(func(k *kept) { k.Told = append(k.Told, what) })
	}
	return !known
}
