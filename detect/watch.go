package detect

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Defaults of Options.
const (
	defaultSettle   = 30 * time.Second
	defaultDebounce = 2 * time.Second
	defaultGrace    = 15 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Settle <= 0 {
		o.Settle = defaultSettle
	}
	if o.Debounce == 0 {
		o.Debounce = defaultDebounce
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	return o
}

// Watcher tells the desk's activity as it changes.
type Watcher struct {
	opts    Options
	kinds   []*slot
	wake    chan struct{}
	revive  chan struct{} // what was missing may have appeared
	changes chan Activity
	done    chan struct{}
	cancel  context.CancelFunc

	mu       sync.Mutex
	apps     []App // set anew; nil: unchanged
	activity Activity
	streams  []Stream
	parts    []Part
	// sleepReady is how the open backend lets the machine sleep; nil: it
	// cannot hold it.
	sleepReady func()
}

// slot is one kind with its open backend.
type slot struct {
	kind
	src     source
	rank    int // of the open backend among the candidates
	using   string
	problem string
	retry   time.Duration
	due     time.Time // when to look for a backend again; zero: not
}

// Watch starts to watch. It ends with ctx or Close.
func Watch(ctx context.Context, o Options) *Watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &Watcher{opts: o.withDefaults(), wake: make(chan struct{}, 1), revive: make(chan struct{}, 1), changes: make(chan Activity, 1), done: make(chan struct{}), cancel: cancel}
	for _, k := range systemKinds() {
		w.kinds = append(w.kinds, &slot{kind: k})
	}
	go w.run(ctx)
	return w
}

// Changes holds the latest activity, the first one at once; it closes when the
// watcher ends.
func (w *Watcher) Changes() <-chan Activity { return w.changes }

// Activity is the present activity.
func (w *Watcher) Activity() Activity {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.activity
}

// Streams lists what records now, and how it was judged.
func (w *Watcher) Streams() []Stream {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Stream{}, w.streams...)
}

// Parts tells which backend serves each part, its live value, or what is wrong
// and how to mend it.
func (w *Watcher) Parts() []Part {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Part{}, w.parts...)
}

// SetApps replaces Options.Apps; recordings of now are judged anew.
func (w *Watcher) SetApps(apps []App) {
	w.mu.Lock()
	w.apps = append([]App{}, apps...)
	w.mu.Unlock()
	w.poke()
}

// SleepReady lets the machine go to sleep: all that had to be told is told.
func (w *Watcher) SleepReady() {
	w.mu.Lock()
	ready := w.sleepReady
	w.mu.Unlock()
	if ready != nil {
		ready()
	}
}

// Close ends the watcher and waits for it.
func (w *Watcher) Close() {
	w.cancel()
	<-w.done
}

func (w *Watcher) poke() { signal(w.wake) }

// signal leaves a note in a channel of one slot.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// watchServers, where the system can tell, calls appeared when a server that
// a detector speaks to may have come up. It returns how to end that.
var watchServers func(appeared func()) (end func())

// run owns the backends and the memory of the rule.
func (w *Watcher) run(ctx context.Context) {
	defer close(w.done)
	defer close(w.changes)
	rule := newCallRule(w.opts)
	timer := time.NewTimer(0)
	defer timer.Stop()
	defer func() {
		for _, s := range w.kinds {
			s.shut()
		}
	}()
	if watchServers != nil {
		defer watchServers(func() { signal(w.revive) })()
	}
	for {
		w.takeApps(rule)
		now := time.Now().Round(0)
		f := &facts{now: now}
		for _, s := range w.kinds {
			s.serve(ctx, w, f)
		}
		activity, streams, next := fold(f, rule)
		w.publish(activity, streams, f)
		for _, s := range w.kinds {
			next = sooner(next, s.due)
		}
		wait := time.Duration(1<<63 - 1)
		if !next.IsZero() {
			wait = max(0, next.Sub(now))
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-w.revive:
			for _, s := range w.kinds {
				s.hurry()
			}
		case <-timer.C:
		}
	}
}

func (w *Watcher) takeApps(r *callRule) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.apps != nil {
		r.setApps(w.apps)
		w.apps = nil
	}
}

func (w *Watcher) publish(a Activity, streams []Stream, f *facts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.parts == nil
	w.streams, w.parts = streams, w.parts[:0:0]
	for _, s := range w.kinds {
		w.parts = append(w.parts, s.part(f))
	}
	if !first && a == w.activity {
		return
	}
	w.activity = a
	select {
	case <-w.changes:
	default:
	}
	w.changes <- a // the slot is free: only this goroutine sends
}

// serve samples the slot's backend, or looks for one when that is due; a last
// resort gives way to a better one.
func (s *slot) serve(ctx context.Context, w *Watcher, f *facts) {
	if !s.due.IsZero() && !f.now.Before(s.due) || s.src == nil && s.due.IsZero() {
		s.look(ctx, w, f.now)
	}
	if s.src == nil {
		return
	}
	if err := s.src.sample(f); err != nil {
		w.opts.Log.Info("detector lost", "part", s.name, "backend", s.using, "error", err)
		s.shut()
		s.problem = err.Error()
		// It worked, so it may be back in a moment: a server restarts.
		s.retry = retryFirst
		s.due = f.now.Add(s.retry)
	}
}

// hurry looks for a better backend at once.
func (s *slot) hurry() {
	if !s.due.IsZero() && len(s.candidates) > 0 {
		s.due, s.retry = s.due.Add(-retryLast), 0
	}
}

// A backend that is missing is looked for again, ever more rarely: not every
// system tells when a sound server or a bus appears.
const (
	retryFirst = 250 * time.Millisecond
	retryLast  = 5 * time.Minute
)

// look opens the first candidate that serves better than the one in use.
func (s *slot) look(ctx context.Context, w *Watcher, now time.Time) {
	problem := ""
	better := s.candidates
	if s.src != nil {
		better = better[:s.rank]
	}
	for rank, c := range better {
		src, err := c.open(ctx, w.opts, w.poke)
		if err == nil {
			s.take(w, src, rank, now)
			return
		}
		switch {
		case problem == "":
			problem = err.Error()
		case !strings.Contains(problem, err.Error()):
			problem += "; " + err.Error()
		}
	}
	s.retry = min(max(2*s.retry, retryFirst), retryLast)
	s.due = now.Add(s.retry)
	if s.src != nil {
		return
	}
	if problem == "" {
		problem = "not supported on this system"
	}
	if s.problem != problem {
		s.problem = problem
		w.opts.Log.Info("detector not available", "part", s.name, "problem", problem)
	}
	if len(s.candidates) == 0 {
		s.due = now.Add(100 * 365 * 24 * time.Hour)
	}
}

// take puts an open backend into use.
func (s *slot) take(w *Watcher, src source, rank int, now time.Time) {
	s.shut()
	s.src, s.rank, s.using, s.problem, s.due, s.retry = src, rank, s.candidates[rank].name, "", time.Time{}, 0
	if _, last := src.(interface{ lastResort() }); last && rank > 0 {
		s.retry = retryFirst
		s.due = now.Add(s.retry)
	}
	if h, ok := src.(interface{ letSleep() }); ok {
		w.mu.Lock()
		w.sleepReady = h.letSleep
		w.mu.Unlock()
	}
	w.opts.Log.Info("detector opened", "part", s.name, "backend", s.using)
}

func (s *slot) shut() {
	if s.src != nil {
		s.src.close()
		s.src, s.using = nil, ""
	}
}

func (s *slot) part(f *facts) Part {
	p := Part{Name: s.name, Backend: s.using, Problem: s.problem}
	if s.src == nil {
		p.Fix = s.fix
		return p
	}
	if d, ok := s.src.(interface{ describe() string }); ok {
		p.Value = d.describe()
	} else {
		p.Value = s.value(f)
	}
	_, p.Polls = s.src.(interface{ polls() })
	return p
}

// sooner is the first of two instants, where zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
