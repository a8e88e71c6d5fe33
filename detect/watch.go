package detect

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"heliograph/detect/call"
	"heliograph/detect/latest"
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

// rule returns the call rule's part of the options.
func (o Options) rule() call.Options {
	return call.Options{Debounce: o.Debounce, Grace: o.Grace, Programs: o.Programs}
}

// Watcher watches what happens at the desk.
type Watcher struct {
	opts     Options
	slots    []*slot
	sleep    sleepHold
	wake     chan struct{} // a source has changed
	revive   chan struct{} // a server may have appeared
	attempts chan attempt  // outcomes
	changes  chan Activity
	done     chan struct{}
	cancel   context.CancelFunc

	mu       sync.Mutex
	next     *Options // set anew; nil: unchanged
	activity Activity
	awake    bool // awakeKnown of the last facts
	streams  []Stream
	parts    []Part
}

// Watch starts to watch. It ends with ctx or Close.
func Watch(ctx context.Context, o Options) *Watcher {
	return watch(ctx, o, systemKinds(), watchServers)
}

// serverWatch calls appeared whenever a server that a source connects to may
// have started, until the function that it returns is called.
type serverWatch func(appeared func()) (end func())

func watch(ctx context.Context, o Options, kinds []kind, servers serverWatch) *Watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &Watcher{opts: o.withDefaults(), wake: make(chan struct{}, 1), revive: make(chan struct{}, 1), attempts: make(chan attempt),
		changes: make(chan Activity, 1), done: make(chan struct{}), cancel: cancel}
	now := time.Now().Round(0)
	for _, k := range kinds {
		w.slots = append(w.slots, newSlot(k, now, w.opts.Settle))
	}
	go w.run(ctx, servers)
	return w
}

// Changes holds the latest activity; the first one arrives as soon as every
// kind has been looked for, within firstAttempt. It is closed when the watcher
// ends.
func (w *Watcher) Changes() <-chan Activity { return w.changes }

// Activity returns the present activity.
func (w *Watcher) Activity() Activity {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.activity
}

// SeesAwake reports whether a program that keeps the screen awake is noticed
// here, so whether Activity.Inhibited can ever be set. It may change with the
// services of the desktop.
func (w *Watcher) SeesAwake() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.awake
}

// Streams lists the present recordings with their verdicts.
func (w *Watcher) Streams() []Stream {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.streams)
}

// Parts lists the parts of the detector, always in the same order: what serves
// each of them and what it says, or what is wrong and how to fix it.
func (w *Watcher) Parts() []Part {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.parts)
}

// SetOptions replaces all options but Log: present recordings are judged anew,
// and sources that depend on Settle are opened anew if it differs.
func (w *Watcher) SetOptions(o Options) {
	o = o.withDefaults()
	w.mu.Lock()
	w.next = &o
	w.mu.Unlock()
	latest.Notify(w.wake)
}

// SleepReady lets the system go to sleep, which the watcher has delayed since
// Activity.Asleep was set.
func (w *Watcher) SleepReady() { w.sleep.release() }

// Close ends the watcher and waits for it.
func (w *Watcher) Close() {
	w.cancel()
	<-w.done
}

// firstAttempt is how long the first activity waits for services that do not
// answer.
const firstAttempt = 4 * time.Second

// closeTimeout is how long Close waits for candidates that are being opened.
// They end with their context, unless the system takes none.
const closeTimeout = time.Second

// run owns the sources and the memory of the call rule.
func (w *Watcher) run(ctx context.Context, servers serverWatch) {
	defer close(w.done)
	defer close(w.changes)
	defer w.shut()
	if servers != nil {
		defer servers(func() { latest.Notify(w.revive) })()
	}
	rule := call.NewRule(w.opts.rule())
	timer := time.NewTimer(0)
	defer timer.Stop()
	started := time.Now().Round(0)
	for {
		now := time.Now().Round(0)
		w.takeOptions(rule, now)
		next := w.sample(ctx, now)
		if first := started.Add(firstAttempt); w.allTried() || !now.Before(first) {
			next = sooner(next, w.judge(rule, now))
		} else {
			next = sooner(next, first)
		}
		wait := time.Duration(math.MaxInt64)
		if !next.IsZero() {
			wait = max(0, next.Sub(now))
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-w.revive:
			for _, s := range w.slots {
				s.hurry(now)
			}
		case l := <-w.attempts:
			l.slot.finish(l, time.Now().Round(0), w.opts.Log)
		case <-timer.C:
		}
	}
}

// shut ends all attempts and closes all sources. What opens too late for that
// is closed when it does.
func (w *Watcher) shut() {
	w.cancel() // ends the attempts
	trying := 0
	for _, s := range w.slots {
		s.shut()
		if s.trying {
			trying++
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range trying {
			if a := <-w.attempts; a.opened != nil {
				a.opened.shut()
			}
		}
	}()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}

// takeOptions applies options that SetOptions has stored.
func (w *Watcher) takeOptions(r *call.Rule, now time.Time) {
	w.mu.Lock()
	o := w.next
	w.next = nil
	w.mu.Unlock()
	if o == nil {
		return
	}
	r.SetOptions(o.rule())
	for _, s := range w.slots {
		s.setSettle(o.Settle, now)
	}
}

// sample asks all open sources and looks for missing ones that are due. It
// returns the next instant at which one is due.
func (w *Watcher) sample(ctx context.Context, now time.Time) (next time.Time) {
	for _, s := range w.slots {
		s.sample(now, w.opts.Log)
		if !s.due.IsZero() && !s.trying && !now.Before(s.due) {
			s.due, s.trying = time.Time{}, true
			go w.try(ctx, s, s.better(), s.settle)
		}
		next = sooner(next, s.due)
	}
	return next
}

// try tries the candidates for a slot without keeping run waiting.
func (w *Watcher) try(ctx context.Context, s *slot, candidates []candidate, settle time.Duration) {
	o, err := tryAll(ctx, candidates, env{settle: settle, changed: func() { latest.Notify(w.wake) }, sleep: &w.sleep})
	w.attempts <- attempt{s, o, err}
}

func (w *Watcher) allTried() bool {
	return !slices.ContainsFunc(w.slots, func(s *slot) bool { return !s.tried })
}

// judge makes the activity from what the sources know, and publishes it. It
// returns the instant at which the call rule would judge differently although nothing has changed.
func (w *Watcher) judge(rule *call.Rule, now time.Time) time.Time {
	var all []facts
	var parts []Part
	for _, s := range w.slots {
		if s.last != nil {
			all = append(all, s.last.facts())
		}
		parts = append(parts, s.part())
	}
	f := fold(all)
	j := rule.Judge(f.evidence, now)
	a := f.activity(j.Call)
	a.Unlisted = j.Unlisted
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.parts == nil
	w.streams, w.parts, w.awake = j.Streams, parts, f.awakeKnown
	if first || a != w.activity {
		w.activity = a
		latest.Put(w.changes, a)
	}
	return j.Next
}

// sooner returns the first of two instants, where zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
