package detect

import (
	"sync"
	"time"
)

// sleepHold delays the sleep of the system until presence has been cleared, or
// until a time limit of the system is near. The zero sleepHold is ready to use.
type sleepHold struct {
	mu   sync.Mutex
	held chan struct{} // nil: sleep is not delayed
}

// begin starts to delay sleep. The channel that it returns is closed when sleep
// may go on: after release, and after limit at the latest.
func (h *sleepHold) begin(limit time.Duration) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held == nil {
		held := make(chan struct{})
		h.held = held
		time.AfterFunc(limit, func() { h.end(held) })
	}
	return h.held
}

// release lets sleep go on. It does nothing if sleep is not delayed.
func (h *sleepHold) release() {
	h.mu.Lock()
	held := h.held
	h.mu.Unlock()
	h.end(held)
}

// end closes held unless that was done before.
func (h *sleepHold) end(held chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if held != nil && h.held == held {
		close(held)
		h.held = nil
	}
}
