package app

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Go's collector wakes every thread at least each two minutes, and a hundred
// switches are then made for a program that was asleep. So heliograph runs it
// itself, only when it is awake anyway, after something was posted or shown,
// and when there is enough garbage.
const (
	// growth is how much garbage is worth a collection: about that of three
	// renewals.
	growth = 2 << 20
	// backstop is the size above which the runtime collects on its own, for a
	// flood of events after which nothing is posted or shown, such as a panel
	// that reads the menu again and again. What is in use takes a quarter of it.
	backstop = 32 << 20
	// spare is how much memory without a use is kept for the next garbage; more,
	// as after such a flood, is given back to the system.
	spare = 6 << 20
)

// collector decides when to collect garbage.
type collector struct {
	live   uint64 // bytes that the last collection left
	sample []metrics.Sample
}

// newCollector takes the decision over from the runtime, for the whole
// process; its end gives it back.
func newCollector() (*collector, func()) {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(backstop)
	c := &collector{sample: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}}
	c.collect()
	return c, func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) }
}

// awake collects if enough has piled up.
func (c *collector) awake() {
	if c.size() > c.live+growth {
		c.collect()
	}
}

func (c *collector) collect() {
	runtime.GC()
	c.live = c.size()
	if c.sample[1].Value.Uint64() > spare {
		debug.FreeOSMemory()
	}
}

func (c *collector) size() uint64 {
	metrics.Read(c.sample)
	return c.sample[0].Value.Uint64()
}
