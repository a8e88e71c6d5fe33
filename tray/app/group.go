package app

import (
	"context"
	"maps"
	"slices"
	"sync"

	"heliograph/detect/latest"
)

// group runs the parts of an instance, each on a goroutine of its own, and waits
// for them by name: a part that does not end is named instead of waited for.
type group struct {
	mu      sync.Mutex
	running map[string]int // by name
	ended   chan struct{}  // has room for one; something has ended
}

func newGroup() *group {
	return &group{running: map[string]int{}, ended: make(chan struct{}, 1)}
}

// Go runs f as a part with a name for the log.
func (g *group) Go(name string, f func()) {
	g.mu.Lock()
	g.running[name]++
	g.mu.Unlock()
	go func() {
		defer g.end(name)
		f()
	}()
}

func (g *group) end(name string) {
	g.mu.Lock()
	if g.running[name]--; g.running[name] == 0 {
		delete(g.running, name)
	}
	g.mu.Unlock()
	latest.Notify(g.ended)
}

// Wait waits until every part has ended, or ctx has. It returns the names of
// those that still run. Only one goroutine may wait.
func (g *group) Wait(ctx context.Context) []string {
	for {
		g.mu.Lock()
		left := slices.Sorted(maps.Keys(g.running))
		g.mu.Unlock()
		if len(left) == 0 {
			return nil
		}
		select {
		case <-g.ended:
		case <-ctx.Done():
			return left
		}
	}
}
