// Package corefoundation calls Core Foundation and other frameworks of macOS
// without cgo, so that the program builds on any system. It knows the types,
// run loops and notifications that this program needs, and what a callback of C
// needs to find the Go value that it is about.
package corefoundation

import "sync"

// Handles gives numbers to Go values. A callback of C is given a number, since
// C must not keep a Go pointer. The zero value is ready to use.
type Handles[T any] struct {
	mu     sync.Mutex
	last   uintptr
	values map[uintptr]T
}

// New gives a value a number, which is never 0 and never used again.
func (h *Handles[T]) New(v T) uintptr {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.values == nil {
		h.values = map[uintptr]T{}
	}
	h.last++
	h.values[h.last] = v
	return h.last
}

// Get returns the value with a number; false if it was deleted.
func (h *Handles[T]) Get(n uintptr) (T, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.values[n]
	return v, ok
}

// Delete forgets a value. Callbacks that still come get none.
func (h *Handles[T]) Delete(n uintptr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.values, n)
}
