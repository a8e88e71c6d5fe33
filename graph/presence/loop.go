package presence

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"heliograph/detect"
	"heliograph/detect/latest"
)

// Options configure a Loop.
type Options struct {
	Log    *slog.Logger
	Policy Policy
	// Saved is what an earlier run left; Keep is called with every change of
	// it, from the loop's own goroutine. Nil: nothing outlives the process.
	Saved Saved
	Keep  func(Saved)
	// Timing overrides how long a session lasts, for a service that cannot
	// send an expiration. Nil: DefaultTiming.
	Timing func(Pair) Timing
	// Zone returns the time zone of the working hours, and is called with every
	// decision, so that it may change while the loop runs. Nil: time.Local.
	Zone func() *time.Location
	// Jitter draws from [0,1); nil: math/rand.
	Jitter func() float64
	// Now returns the wall clock, without Go's monotonic reading: that one may
	// stand still while a lid is shut, and an instant that is compared with
	// later ones must not. Nil: the computer's own.
	Now func() time.Time
}

// Loop keeps Graph in step with the presence that is wanted. Run owns all of
// its state; every other method only passes a value to it and returns at once.
// They may be called from any goroutine.
type Loop struct {
	opts  Options
	wake  chan struct{} // one slot: the inbox has something, or may have
	state latest.Broadcast[State]

	mu    sync.Mutex
	inbox inbox
	left  []Left
}

// inbox is one slot per kind of value; the latest wins.
type inbox struct {
	choice      *Choice
	activity    *detect.Activity
	policy      *Policy
	service     *Service
	clearTheirs bool
	release     []chan struct{}
	// newer reports that service was set after release was asked for.
	newer bool
}

// New makes a loop; nothing happens before Run.
func New(o Options) *Loop {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Timing == nil {
		o.Timing = DefaultTiming
	}
	if o.Zone == nil {
		o.Zone = func() *time.Location { return time.Local }
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Now().Round(0) }
	}
	l := &Loop{opts: o, wake: make(chan struct{}, 1)}
	l.state.Publish(State{Choice: o.Saved.Choice.At(o.Now())})
	return l
}

// Choose sets the user's choice.
func (l *Loop) Choose(c Choice) { l.put(func(in *inbox) { in.choice = &c }) }

// Observe sets what the person does.
func (l *Loop) Observe(a detect.Activity) { l.put(func(in *inbox) { in.activity = &a }) }

// SetPolicy replaces the rules of Automatic.
func (l *Loop) SetPolicy(p Policy) { l.put(func(in *inbox) { in.policy = &p }) }

// SetService sets the service of the signed-in person; nil: nobody is signed
// in. It does not clear what was set through the former service: see Release.
func (l *Loop) SetService(s Service) {
	l.put(func(in *inbox) { in.service, in.newer = &s, len(in.release) > 0 })
}

// ClearTheirs removes the preferred presence that the user picked in Teams.
func (l *Loop) ClearTheirs() { l.put(func(in *inbox) { in.clearTheirs = true }) }

// Release clears all that heliograph has set at Graph and forgets the service,
// as a sign-out needs. It returns when that is done, or with ctx's error; the
// loop goes on signed out either way.
func (l *Loop) Release(ctx context.Context) error {
	done := make(chan struct{})
	l.put(func(in *inbox) { in.release, in.newer = append(in.release, done), false })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Loop) put(value func(*inbox)) {
	l.mu.Lock()
	value(&l.inbox)
	l.mu.Unlock()
	latest.Notify(l.wake)
}

func (l *Loop) take() inbox {
	l.mu.Lock()
	defer l.mu.Unlock()
	in := l.inbox
	l.inbox = inbox{}
	return in
}

// State returns a copy of the present state.
func (l *Loop) State() State {
	s, _ := l.state.Last() // New has published the first
	return s
}

// Subscribe returns a channel that holds the latest state, the present one
// first, and a function that ends the subscription.
func (l *Loop) Subscribe() (<-chan State, func()) { return l.state.Subscribe() }

// publish passes s to all subscribers if it differs from the last one. Only Run
// publishes.
func (l *Loop) publish(s State) {
	if !same(s, l.State()) {
		l.state.Publish(s)
	}
}

// Run keeps Graph in step until ctx ends, then clears what heliograph has set
// there and returns. It must be called once.
func (l *Loop) Run(ctx context.Context) {
	r := newReconciler(l.opts)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := l.opts.Now()
		r.stepClock(now)
		r.lookAfterStop()
		in := l.take()
		next := in.service
		if in.newer {
			in.service = nil // the release is for the service before it
		}
		r.absorb(in, now)
		r.decide(now)
		if len(in.release) > 0 {
			l.setLeft(r.clearAll(context.WithoutCancel(ctx)))
			r.adopt(nil, now)
			r.trouble = trouble{}
			if in.newer {
				r.adopt(*next, now)
			}
			l.publish(r.state(l.opts.Now())) // before anybody is told that it is done
			for _, done := range in.release {
				close(done)
			}
			continue
		}
		r.start(ctx, now)
		l.publish(r.state(now))
		sleep := r.sleep(now)
		r.clock.arm(sleep)
		timer.Reset(sleep)
		select {
		case <-ctx.Done():
			l.setLeft(r.clearAll(context.WithoutCancel(ctx)))
			l.publish(r.state(l.opts.Now()))
			return
		case <-l.wake:
			r.look.fresh = false // something has happened since
		case <-timer.C:
		case done := <-r.results:
			r.finish(done, l.opts.Now())
		}
	}
}
