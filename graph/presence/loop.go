package presence

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"heliograph/detect"
)

// Options sets a Loop up.
type Options struct {
	Log    *slog.Logger
	Policy Policy
	// Saved is what an earlier run left; Keep is called with every change of
	// it, from the loop's own goroutine. A nil Keep forgets.
	Saved Saved
	Keep  func(Saved)
	// Timing overrides how long a session lasts, for a service that cannot
	// send an expiration; it is called with every session that is set. Nil:
	// DefaultTiming.
	Timing func(Pair) Timing
	// Zone returns the time zone of the working hours, and is called with every
	// decision, so that it may change while the loop runs. Nil: time.Local.
	Zone func() *time.Location
	// Jitter draws from [0,1); nil: math/rand.
	Jitter func() float64
}

// Loop holds the presence that is wanted against what Graph was told. Run owns
// all of its state; every other method only hands a value over and returns at
// once, from any goroutine.
type Loop struct {
	opts Options
	wake chan struct{} // one slot: the inbox has something, or may have

	mu    sync.Mutex
	inbox inbox
	state State
	left  []Left
	subs  map[chan State]struct{}
}

// inbox is one slot per kind of value; the latest wins.
type inbox struct {
	choice   *Choice
	activity *detect.Activity
	policy   *Policy
	service  *Service
	theirs   bool // clear what the user picked in Teams
	look     bool // read what is shown, and try again now
	release  []chan struct{}
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
	return &Loop{opts: o, wake: make(chan struct{}, 1), subs: map[chan State]struct{}{},
		state: State{Choice: o.Saved.Choice.At(time.Now())}}
}

// Choose hands over the user's word.
func (l *Loop) Choose(c Choice) { l.post(func(in *inbox) { in.choice = &c }) }

// Observe hands over what the desk is doing.
func (l *Loop) Observe(a detect.Activity) { l.post(func(in *inbox) { in.activity = &a }) }

// SetPolicy replaces the rules of Automatic.
func (l *Loop) SetPolicy(p Policy) { l.post(func(in *inbox) { in.policy = &p }) }

// SetService says whom to post for; nil: nobody is signed in. It does not
// clear what the former service holds: see Release.
func (l *Loop) SetService(s Service) { l.post(func(in *inbox) { in.service = &s }) }

// ClearTheirs removes the preferred presence that the user picked in Teams.
func (l *Loop) ClearTheirs() { l.post(func(in *inbox) { in.theirs = true }) }

// Look reads what colleagues see, and ends a back-off that no server asked for.
func (l *Loop) Look() { l.post(func(in *inbox) { in.look = true }) }

// Release gives back all that heliograph holds in Graph and forgets the
// service, as a sign-out needs. It returns when that is done, or with ctx's
// error; the loop goes on signed out either way.
func (l *Loop) Release(ctx context.Context) error {
	done := make(chan struct{})
	l.post(func(in *inbox) { in.release = append(in.release, done) })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Loop) post(put func(*inbox)) {
	l.mu.Lock()
	put(&l.inbox)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
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
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Subscribe returns a channel that holds the latest state, the present one
// first, and a function that ends the subscription.
func (l *Loop) Subscribe() (<-chan State, func()) {
	ch := make(chan State, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	ch <- l.state
	l.subs[ch] = struct{}{}
	return ch, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subs, ch)
	}
}

// publish hands s to all subscribers if it differs from the last one.
func (l *Loop) publish(s State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if same(s, l.state) {
		return
	}
	l.state = s
	for ch := range l.subs {
		select {
		case <-ch: // stale
		default:
		}
		ch <- s // never blocks: only publish sends, under the lock
	}
}

// same compares states; errors by their text, since an error's dynamic type
// need not be comparable.
func same(a, b State) bool {
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	ea, eb := text(a.Err), text(b.Err)
	a.Err, b.Err = nil, nil
	return ea == eb && a == b
}

// ReleaseTimeout bounds the writes at quit and sign-out: long enough for one slow
// round trip each, short enough for a desktop that waits at log-out, and for the
// promise that quit ends within five seconds.
const ReleaseTimeout = 3 * time.Second

// Run keeps Graph in step until ctx ends, then gives everything back and
// returns. It must be called once.
func (l *Loop) Run(ctx context.Context) {
	m := newMachine(l.opts)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := wall()
		in := l.take()
		m.absorb(in, now)
		m.decide(now)
		if len(in.release) > 0 {
			m.cancel()
			l.setLeft(m.giveBack(context.WithoutCancel(ctx)))
			m.service, m.signIn = nil, nil
			for _, done := range in.release {
				close(done)
			}
			continue
		}
		m.start(ctx, now)
		l.publish(m.state(now))
		timer.Reset(m.sleep(now))
		select {
		case <-ctx.Done():
			m.cancel()
			l.setLeft(m.giveBack(context.WithoutCancel(ctx)))
			l.publish(m.state(wall()))
			return
		case <-l.wake:
		case <-timer.C:
		case r := <-m.results:
			m.finish(r, wall())
		}
	}
}

// wall is now as wall time in the local zone: Go's monotonic clock may stand
// still while a lid is shut, and an instant that is compared must not.
func wall() time.Time { return time.Now().Round(0) }
