package day

import "testing"

// TestSameRunTwice: a seed gives the same run, whatever the scheduler does.
func TestSameRunTwice(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 10; seed++ {
		a, b := Simulate(t, NewScript(seed), openHeliograph), Simulate(t, NewScript(seed), openHeliograph)
		sameTrace(t, a, b)
		if len(a.Requests) == 0 || len(a.Trace[Ada]) < 2 {
			t.Errorf("seed %d: nothing happened", seed)
		}
		other := Simulate(t, NewScript(seed+1000), openHeliograph)
		if Differs(a, other) == "" {
			t.Errorf("seeds %d and %d give the same run", seed, seed+1000)
		}
	}
}
