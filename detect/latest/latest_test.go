package latest

import (
	"sync"
	"testing"
)

func TestSlowReceiverGetsTheNewest(t *testing.T) {
	var b Broadcast[int]
	if _, set := b.Last(); set {
		t.Error("a Broadcast holds a value before the first Publish")
	}
	early, endEarly := b.Subscribe()
	defer endEarly()
	for i := 1; i <= 3; i++ {
		b.Publish(i)
	}
	late, endLate := b.Subscribe()
	if e, l := <-early, <-late; e != 3 || l != 3 {
		t.Errorf("the early receiver got %d and the late one %d, both should get 3", e, l)
	}
	endLate()
	b.Publish(4)
	select {
	case v := <-late:
		t.Errorf("got %d after the subscription had ended", v)
	default:
	}
	if v := <-early; v != 4 {
		t.Errorf("got %d, want 4", v)
	}
	if v, set := b.Last(); v != 4 || !set {
		t.Errorf("Last is %d, %v", v, set)
	}
}

// TestOrder holds that a receiver never sees an older value after a newer one,
// whoever publishes when.
func TestOrder(t *testing.T) {
	var b Broadcast[int]
	const last = 2000
	var wait sync.WaitGroup
	for range 4 {
		ch, end := b.Subscribe()
		wait.Go(func() {
			defer end()
			for seen := 0; seen < last; {
				v := <-ch
				if v <= seen {
					t.Errorf("%d after %d", v, seen)
					return
				}
				seen = v
			}
		})
	}
	for i := 1; i <= last; i++ {
		b.Publish(i)
	}
	wait.Wait()
}

// TestNotify holds that nothing is lost, and that nobody waits for a receiver.
func TestNotify(t *testing.T) {
	ch := make(chan struct{}, 1)
	for range 3 {
		Notify(ch)
	}
	<-ch
	if len(ch) != 0 {
		t.Error("a second notification waits")
	}
	Notify(ch)
	if len(ch) != 1 {
		t.Error("a later notification is lost")
	}
}
