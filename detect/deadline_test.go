package detect

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A service that never answers delays no other one, and its kind falls back.
func TestServiceThatHangs(t *testing.T) {
	hanging, fallback, other := &service{hangs: true}, &service{up: true}, &service{up: true}
	slow, quick := lock(hanging, fallback), lock(other)
	quick.name = "lockers"
	inBubble(t, []kind{slow, quick}, func(t *testing.T, w *Watcher, _ func()) {
		other.set(func() { other.result = lockResult{true} })
		began := time.Now()
		first := <-w.Changes()
		if d := time.Since(began); !first.Locked || d > firstAttempt {
			t.Errorf("%+v after %v", first, d)
		}
		pass(openTimeout)
		if p := w.Parts(); p[0].Backend != "second" || p[0].Problem != "" || p[1].Backend != "first" || p[1].Name != "lockers" {
			t.Errorf("%+v", p)
		}
	})
}

// The first activity does not wait for a kind whose services all hang.
func TestKindThatHangs(t *testing.T) {
	var services []*service
	for range 3 {
		services = append(services, &service{hangs: true})
	}
	other := &service{up: true}
	inBubble(t, []kind{lock(services...), lock(other)}, func(t *testing.T, w *Watcher, _ func()) {
		began := time.Now()
		<-w.Changes()
		if d := time.Since(began); d != firstAttempt {
			t.Errorf("the first activity came after %v", d)
		}
		if p := w.Parts()[0]; p.Problem != "it has not answered yet" || p.Fix != "start it" {
			t.Errorf("%+v", p)
		}
		began = time.Now()
		w.Close()
		if d := time.Since(began); d != 0 {
			t.Errorf("Close took %v", d)
		}
	})
}

// Close does not wait for a service that takes no context. What it opens later
// is closed.
func TestCloseWhileOneHangs(t *testing.T) {
	s := &service{up: true}
	answer := sync.OnceValue(func() chan struct{} { return make(chan struct{}) }) // made in the bubble
	k := lock(s)
	k.candidates[0].open = func(_ context.Context, e env) (source, error) {
		<-answer()
		return s.open(t.Context(), e)
	}
	inBubble(t, []kind{k}, func(t *testing.T, w *Watcher, _ func()) {
		began := time.Now()
		w.Close()
		if d := time.Since(began); d != closeTimeout {
			t.Errorf("Close took %v", d)
		}
		answer() <- struct{}{}
		synctest.Wait()
		if n, open := s.counts(); n != 1 || open != 0 {
			t.Errorf("opened %d times, %d are open", n, open)
		}
	})
}

// A service that opens too late is closed and not used.
func TestServiceThatOpensTooLate(t *testing.T) {
	s := &service{up: true}
	k := lock(s)
	k.candidates[0].open = func(ctx context.Context, e env) (source, error) {
		<-ctx.Done() // and yet it opens
		return s.open(t.Context(), e)
	}
	inBubble(t, []kind{k}, func(t *testing.T, w *Watcher, _ func()) {
		pass(openTimeout)
		if p := w.Parts()[0]; p.Problem != "first does not answer within 6s" {
			t.Errorf("%+v", p)
		}
		if n, open := s.counts(); n != 1 || open != 0 {
			t.Errorf("opened %d times, %d are open", n, open)
		}
	})
}

// Close closes what is open, and what opens in the same moment.
func TestCloseClosesAll(t *testing.T) {
	open, late := &service{up: true}, &service{up: true}
	k := lock(late)
	k.candidates[0].open = func(ctx context.Context, e env) (source, error) {
		<-ctx.Done()
		return late.open(t.Context(), e)
	}
	inBubble(t, []kind{lock(open), k}, func(t *testing.T, w *Watcher, _ func()) {
		w.Close()
		for _, s := range []*service{open, late} {
			if n, left := s.counts(); n != 1 || left != 0 {
				t.Errorf("opened %d times, %d are open", n, left)
			}
		}
		if _, more := <-w.Changes(); more {
			t.Error("Changes is still open") // nothing was published: a kind was still being opened
		}
	})
}
