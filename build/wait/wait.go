// Package wait waits in a test for what another process or goroutine does
// without notifying the test: it looks again and again. A test that can be
// notified waits for that instead. Only tests import it.
package wait

import (
	"testing"
	"time"
)

// Patience is how long a process outside of the test may take for anything, on
// a computer that is busy with other tests too.
const Patience = 30 * time.Second

// pollEvery is the pause between two looks.
const pollEvery = 10 * time.Millisecond

// Until fails the test unless ok returns true within Patience. The text what
// says what is waited for.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !Within(Patience, ok) {
		t.Fatalf("never: %s", what)
	}
}

// Within reports whether ok returns true within d.
func Within(d time.Duration, ok func() bool) bool {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for end := time.Now().Add(d); !ok(); <-tick.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// During fails the test unless ok returns true at every look for d.
func During(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-tick.C {
		if !ok() {
			t.Fatalf("no longer: %s", what)
		}
	}
}
