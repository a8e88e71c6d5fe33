package logind

import (
	"os"
	"runtime"
	"testing"
	"time"

	"heliograph/build/wait"
)

// TestThousandSleeps: a thousand sleeps, each of which was delayed, leave one
// inhibitor, and no handle and no goroutine more than there were.
func TestThousandSleeps(t *testing.T) {
	l := newService(t, true)
	s, err := Watch(t.Context(), func() {}, func(time.Duration) <-chan struct{} {
		over := make(chan struct{})
		close(over) // nothing has to be cleared
		return over
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	handles := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	var before, goroutines int
	for n := range 1000 {
		if n == 10 {
			before, goroutines = handles(), runtime.NumGoroutine()
		}
		l.prepareForSleep(t, true)
		l.released(t, n)
		l.delays[n][0].Close()
		l.prepareForSleep(t, false)
		delayed := func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.inhibitor != nil && l.inhibitors() == n+2
		}
		for end := time.Now().Add(wait.Patience); !delayed(); runtime.Gosched() { // it takes less than a pause would
			if time.Now().After(end) {
				t.Fatalf("sleep %d: the next one is not delayed", n)
			}
		}
	}
	wait.Until(t, "handles and goroutines are as before", func() bool {
		return handles() <= before+2 && runtime.NumGoroutine() <= goroutines+2
	})
	if st := state(t, s); st.Asleep || st.Woke.IsZero() {
		t.Errorf("after the last one: %+v", st)
	}
}
