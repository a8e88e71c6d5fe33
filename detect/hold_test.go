package detect

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSleepHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := func(c <-chan struct{}) bool {
			synctest.Wait()
			select {
			case <-c:
				return true
			default:
				return false
			}
		}
		var h sleepHold
		h.release() // nobody sleeps
		first, began := h.begin(4*time.Second), time.Now()
		if closed(first) {
			t.Error("sleep goes on before release")
		}
		if second := h.begin(time.Hour); second != first {
			t.Error("one sleep is delayed twice")
		}
		<-first
		if d := time.Since(began); d != 4*time.Second {
			t.Errorf("sleep was delayed for %v", d)
		}
		next := h.begin(4 * time.Second)
		h.release()
		if !closed(next) {
			t.Error("sleep does not go on after release")
		}
		pass(2 * time.Second)
		last := h.begin(4 * time.Second)
		pass(3 * time.Second) // the limit of the one before
		if closed(last) {
			t.Error("a limit ends another delay than its own")
		}
		h.release()
	})
}
