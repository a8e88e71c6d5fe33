package outlets

import (
	"log/slog"
	"sync"
	"time"

	"heliograph/tray/control"
)

// report keeps the health of one outlet and logs its changes.
type report struct {
	log *slog.Logger

	mu   sync.Mutex
	part control.Part
}

func newReport(log *slog.Logger, name, backend string) *report {
	return &report{log: log.With("outlet", name), part: control.Part{Name: name, Backend: backend, Value: "nothing to report yet"}}
}

func (r *report) get() control.Part {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.part
}

// healthy notes that the outlet works; value says what it did last, for people.
func (r *report) healthy(value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.part.Problem != "" {
		r.log.Info("works again", "failed since", r.part.Since)
	}
	r.part.Value, r.part.Problem, r.part.Fix, r.part.Since = value, "", "", time.Time{}
}

// failing notes a problem and what the user can do about it. A problem that
// lasts is logged once; the outage began with its first failure, whatever the
// later ones say.
func (r *report) failing(err error, fix string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := err.Error()
	if text != r.part.Problem {
		r.log.Warn("does not work", "error", text, "fix", fix)
	}
	if r.part.Problem == "" {
		r.part.Since = time.Now().Round(0)
	}
	r.part.Problem, r.part.Fix = text, fix
}
