package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	Denied   []string       `json:"denied,omitempty"`  // programs the user called no call
	Allowed  []string       `json:"allowed,omitempty"` // programs the user called a call
	Told     []string       `json:"told,omitempty"`    // what was told once
	// Rules are the switches that the user set in the tray, against the file.
	Rules map[string]bool `json:"rules,omitempty"`
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

// verdicts are the programs that the user called no call, and a call.
func (m *memory) verdicts() (denied, allowed []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.data.Denied), slices.Clone(m.data.Allowed)
}

// deny, allow and forget keep the user's last word on a program.
func (m *memory) deny(app string) {
	m.change(func(k *kept) { k.judge(app); k.Denied = append(k.Denied, app) })
}

func (m *memory) allow(app string) {
	m.change(func(k *kept) { k.judge(app); k.Allowed = append(k.Allowed, app) })
}

// forget leaves the judgement of a program to the table again; false: the user
// had none of their own.
func (m *memory) forget(app string) (known bool) {
	m.change(func(k *kept) { known = k.judge(app) })
	return known
}

// judge takes back what the user said of a program.
func (k *kept) judge(app string) bool {
	n := len(k.Denied) + len(k.Allowed)
	same := func(name string) bool { return strings.EqualFold(name, app) }
	k.Denied, k.Allowed = slices.DeleteFunc(k.Denied, same), slices.DeleteFunc(k.Allowed, same)
	return len(k.Denied)+len(k.Allowed) < n
}

// rule is a switch's position, as the user set it in the tray or as the file
// has it.
func (m *memory) rule(id string, file bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if on, ok := m.data.Rules[id]; ok {
		return on
	}
	return file
}

// setRule remembers a switch, unless it agrees with the file.
func (m *memory) setRule(id string, on, file bool) {
	m.change(func(k *kept) {
		if on == file {
			delete(k.Rules, id)
			return
		}
		if k.Rules == nil {
			k.Rules = map[string]bool{}
		}
		k.Rules[id] = on
	})
}

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
