package detect

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// service is a service of the operating system that the test controls.
type service struct {
	mu      sync.Mutex
	up      bool  // it can be opened
	hangs   bool  // it does not answer, so opening it waits
	err     error // of a source's sample
	result  result
	changed func()

	attempts []time.Time // to open it
	sources  int         // that are open
}

var errDown = errors.New("it does not run")

func (s *service) open(ctx context.Context, e env) (source, error) {
	s.mu.Lock()
	s.attempts = append(s.attempts, time.Now())
	hangs := s.hangs
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up {
		return nil, errDown
	}
	s.sources++
	s.changed = e.changed
	return s, nil
}

func (s *service) sample() (result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.result, s.err
}

func (s *service) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources--
}

// set changes the service, and has its sources report that.
func (s *service) set(change func()) {
	s.mu.Lock()
	change()
	changed := s.changed
	s.mu.Unlock()
	if changed != nil {
		changed()
	}
}

func (s *service) counts() (attempts, sources int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.attempts), s.sources
}

// lock returns a kind with the candidates "first", "second", …
func lock(services ...*service) kind {
	k := kind{name: "lock", fix: "start it"}
	for i, s := range services {
		s.result = lockResult{}
		k.candidates = append(k.candidates, candidate{name: []string{"first", "second", "third"}[i], open: s.open})
	}
	return k
}

// inBubble runs a test with a watcher of the kinds, in a bubble.
func inBubble(t *testing.T, kinds []kind, test func(t *testing.T, w *Watcher, appeared func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var appeared func()
		watched := make(chan struct{})
		w := watch(t.Context(), Options{}, kinds, func(f func()) func() {
			appeared = f
			close(watched)
			return func() {}
		})
		<-watched
		synctest.Wait()
		test(t, w, func() { appeared(); synctest.Wait() })
		w.Close()
	})
}

// pass lets time pass.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// most returns the longest pause with jitter, for an interval.
func most(interval time.Duration) time.Duration { return interval * 3 / 2 }

func TestMissingServiceIsLookedForMoreAndMoreRarely(t *testing.T) {
	s := &service{}
	inBubble(t, []kind{lock(s)}, func(t *testing.T, w *Watcher, _ func()) {
		if p := w.Parts()[0]; p.Problem != errDown.Error() || p.Fix != "start it" || p.Backend != "" {
			t.Errorf("%+v", p)
		}
		pass(most(retryFirst))
		if n, _ := s.counts(); n < 2 {
			t.Errorf("%d attempts after the first pause", n)
		}
		pass(24 * time.Hour)
		n, _ := s.counts()
		if day := int(24 * time.Hour / retryLast); n < day/2 || n > 2*day+20 {
			t.Errorf("%d attempts in a day", n)
		}
		for i := 1; i < n; i++ {
			if d := s.attempts[i].Sub(s.attempts[i-1]); d > most(retryLast) || d < retryFirst/2 {
				t.Errorf("pause %d is %v", i, d)
			}
		}
		s.set(func() { s.up = true })
		pass(most(retryLast))
		if p := w.Parts()[0]; p.Problem != "" || p.Fix != "" || p.Backend != "first" || p.Value != "not locked" {
			t.Errorf("after it has started: %+v", p)
		}
	})
}

// A service that fails after opening is not opened every 250 ms.
func TestServiceThatFailsAfterOpening(t *testing.T) {
	s := &service{up: true, err: errors.New("it breaks")}
	inBubble(t, []kind{lock(s)}, func(t *testing.T, w *Watcher, _ func()) {
		pass(time.Hour)
		if n, open := s.counts(); n > 40 || n < 12 || open != 0 {
			t.Errorf("opened %d times in an hour, %d are open", n, open)
		}
		if p := w.Parts()[0]; p.Problem != "it breaks" || p.Backend != "" {
			t.Errorf("%+v", p)
		}
		s.set(func() { s.err = nil })
		pass(most(retryLast))
		n, open := s.counts()
		if open != 1 {
			t.Fatal("it is not opened any more")
		}
		pass(steadyAfter)
		s.set(func() { s.err = errors.New("it restarts") })
		synctest.Wait()
		s.set(func() { s.err = nil })
		pass(most(retryFirst))
		if again, open := s.counts(); again != n+1 || open != 1 {
			t.Errorf("after it worked for a while: opened %d times more, %d are open", again-n, open)
		}
	})
}

// A server that reports its start is connected to at once.
func TestServerComesBack(t *testing.T) {
	s := &service{up: true}
	inBubble(t, []kind{lock(s)}, func(t *testing.T, w *Watcher, appeared func()) {
		s.set(func() { s.up, s.err = false, errors.New("it went away") })
		pass(time.Hour)
		s.set(func() { s.up, s.err = true, nil })
		synctest.Wait()
		if _, open := s.counts(); open != 0 {
			t.Error("it was opened although nothing said so")
		}
		appeared()
		if _, open := s.counts(); open != 1 {
			t.Error("it is not opened at once")
		}
		n, _ := s.counts()
		appeared()
		pass(time.Hour)
		if again, _ := s.counts(); again != n {
			t.Errorf("an open one is looked for %d times", again-n)
		}
	})
}

// A service that ends and is back a hundred times is open each time, and nothing
// of the ones before is left: no open source, no goroutine.
func TestServerComesBackAHundredTimes(t *testing.T) {
	s := &service{up: true}
	inBubble(t, []kind{lock(s)}, func(t *testing.T, w *Watcher, appeared func()) {
		goroutines := runtime.NumGoroutine()
		for n := range 100 {
			s.set(func() { s.up, s.err = false, errors.New("it went away") })
			pass(time.Second)
			if _, open := s.counts(); open != 0 {
				t.Fatalf("after its end %d the service is open %d times", n, open)
			}
			s.set(func() { s.up, s.err = true, nil })
			appeared()
			pass(time.Second)
			if _, open := s.counts(); open != 1 {
				t.Fatalf("after its return %d the service is open %d times", n, open)
			}
		}
		if now := runtime.NumGoroutine(); now > goroutines {
			t.Errorf("%d goroutines, %d before", now, goroutines)
		}
	})
}

// A server that starts a moment after its socket has appeared is found soon,
// however long it was away.
func TestServerListensLate(t *testing.T) {
	s := &service{}
	inBubble(t, []kind{lock(s)}, func(t *testing.T, w *Watcher, appeared func()) {
		pass(24 * time.Hour)
		appeared()
		s.set(func() { s.up = true })
		pass(most(retryFirst))
		if _, open := s.counts(); open != 1 {
			t.Error("it is not opened")
		}
	})
}

// A last resort gives way to a better service that appears later; another
// fallback does not.
func TestLastResort(t *testing.T) {
	for _, last := range []bool{true, false} {
		better, fallback := &service{}, &service{up: true}
		k := lock(better, fallback)
		k.candidates[1].lastResort = last
		inBubble(t, []kind{k}, func(t *testing.T, w *Watcher, _ func()) {
			if p := w.Parts()[0]; p.Backend != "second" || p.Problem != "" {
				t.Errorf("%+v", p)
			}
			better.set(func() { better.up = true })
			pass(most(retryLast))
			want := map[bool]string{true: "first", false: "second"}[last]
			if p := w.Parts()[0]; p.Backend != want {
				t.Errorf("last resort %v: %s is used", last, p.Backend)
			}
			_, first := better.counts()
			_, second := fallback.counts()
			if first+second != 1 {
				t.Errorf("last resort %v: %d and %d are open", last, first, second)
			}
		})
	}
}

// A change is published once, and the newest activity is the one that waits.
func TestChanges(t *testing.T) {
	s := &service{up: true}
	inBubble(t, []kind{lock(s)}, func(t *testing.T, w *Watcher, _ func()) {
		if a := <-w.Changes(); a.Locked {
			t.Errorf("%+v", a)
		}
		for range 3 {
			s.set(func() {})
			synctest.Wait()
		}
		select {
		case a := <-w.Changes():
			t.Errorf("nothing has changed, but %+v was published", a)
		default:
		}
		for _, locked := range []bool{true, false, true} {
			s.set(func() { s.result = lockResult{locked} })
			synctest.Wait()
		}
		if a := <-w.Changes(); !a.Locked || a != w.Activity() {
			t.Errorf("%+v, want the newest", a)
		}
	})
}

// Whether stay-awake requests are noticed follows from what is open.
func TestSeesAwake(t *testing.T) {
	s := &service{up: true}
	k := lock(s)
	s.result = inhibitResult{}
	inBubble(t, []kind{k}, func(t *testing.T, w *Watcher, _ func()) {
		if w.SeesAwake() {
			t.Error("no desktop runs that could report a request")
		}
		s.set(func() { s.result = inhibitResult{awakeKnown: true} })
		synctest.Wait()
		if !w.SeesAwake() {
			t.Error("a desktop runs that reports requests")
		}
		s.set(func() { s.up, s.err = false, errors.New("it went away") })
		synctest.Wait()
		if w.SeesAwake() {
			t.Error("the desktop has ended")
		}
	})
}

// TestOptionsWhileRunning: another Settle opens what depends on it anew, and
// closes the former source only then.
func TestOptionsWhileRunning(t *testing.T) {
	s, other := &service{up: true}, &service{up: true}
	var settles []time.Duration
	k := lock(s)
	k.settles = true
	k.candidates[0].open = func(ctx context.Context, e env) (source, error) {
		settles = append(settles, e.settle)
		return s.open(ctx, e)
	}
	inBubble(t, []kind{k, lock(other)}, func(t *testing.T, w *Watcher, _ func()) {
		w.SetOptions(Options{Settle: 5 * time.Second, Debounce: -1})
		synctest.Wait()
		w.SetOptions(Options{Settle: 5 * time.Second, Grace: -1})
		synctest.Wait()
		if len(settles) != 2 || settles[0] != defaultSettle || settles[1] != 5*time.Second {
			t.Errorf("opened with %v", settles)
		}
		if _, open := s.counts(); open != 1 {
			t.Errorf("%d sources are open", open)
		}
		if n, _ := other.counts(); n != 1 {
			t.Errorf("what does not depend on it was opened %d times", n)
		}
		// While the service is down the former source goes on.
		s.mu.Lock()
		s.up = false
		s.mu.Unlock()
		w.SetOptions(Options{Settle: time.Second})
		synctest.Wait()
		if p := w.Parts()[0]; p.Problem != "" || p.Backend != "first" {
			t.Errorf("%+v", p)
		}
		s.mu.Lock()
		s.up = true
		s.mu.Unlock()
		pass(most(retryFirst))
		if settles[len(settles)-1] != time.Second {
			t.Errorf("opened with %v", settles)
		}
		if _, open := s.counts(); open != 1 {
			t.Errorf("%d sources are open", open)
		}
	})
}
