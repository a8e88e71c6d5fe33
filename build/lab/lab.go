// Package lab holds what both end-to-end suites need, build/e2e on a Linux
// desktop and build/windows/e2e under Wine: processes that end with their test,
// waiting for what other processes do, the emulated Microsoft, and a person who
// is signed in there.
//
// It contains no stories and asserts nothing about heliograph. Only tests
// import it.
package lab

import (
	"testing"
	"time"
)

// Patience is how long a process outside of the test may take for anything, on
// a computer that is busy with other tests too.
const Patience = 30 * time.Second

// pollEvery is the pause between two looks at what another process does. Such a
// process does not notify the test; everything else in the tests waits for
// events.
const pollEvery = 10 * time.Millisecond

// Eventually fails the test unless ok returns true within Patience. The text
// what says what is waited for.
func Eventually(t testing.TB, what string, ok func() bool) {
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
