package app

import "testing"

// TestMemoryIsGivenBack: what a flood of garbage took is not kept once it is
// collected.
func TestMemoryIsGivenBack(t *testing.T) {
	c, release := newCollector()
	defer release()
	garbage := make([][]byte, 0, 24)
	for range cap(garbage) {
		garbage = append(garbage, make([]byte, 1<<20))
	}
	if c.size() < 24<<20 {
		t.Fatalf("only %d bytes are in use with %d MiB", c.size(), len(garbage))
	}
	garbage = nil
	c.awake()
	if c.size(); c.sample[1].Value.Uint64() > spare {
		t.Errorf("%d bytes without a use are kept", c.sample[1].Value.Uint64())
	}
}
