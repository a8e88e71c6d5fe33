package presence

import (
	"context"
	"time"

	"heliograph/detect"
)

// kind is one of the things kept at Graph, each reconciled apart from the
// others, in this order of urgency.
type kind int

const (
	kindSession kind = iota
	kindPreferred
	kindMessage
	kindShown
	kinds
)

// reconciler is what Run owns: the facts, the decision, and what Graph has
// accepted. It posts one job at a time.
type reconciler struct {
	opts     Options
	policy   Policy
	activity detect.Activity
	observed bool // an activity was received; before that, nothing is known
	want     Want
	since    time.Time
	saved    Saved

	service Service
	signIn  error // why nobody can be posted for, until a new service comes
	sent    Sent
	unknown bool // whether a session is there: an earlier run, or a write whose answer was lost
	renewAt time.Time
	shown   Shown
	shownAt time.Time
	readDue bool
	theirs  Pair
	// readBack: our preferred presence was read since it was set.
	readBack bool
	// nothingTheirs: a read since the choice showed no choice made in Teams.
	nothingTheirs bool
	clearTheirs   bool

	trouble trouble

	busy    bool
	stop    context.CancelFunc
	results chan result
}

// job is one thing to do, and what follows from its success.
type job struct {
	kind kind
	name string
	run  func(ctx context.Context) error
	// done handles the outcome, on the loop's goroutine. After an error the
	// write may still have reached Graph.
	done func(err error, now time.Time)
}

type result struct {
	job job
	err error
}

func newReconciler(o Options) *reconciler {
	if o.Saved.Choice.Status == "" {
		o.Saved.Choice.Status = Automatic
	}
	return &reconciler{opts: o, policy: o.Policy, saved: o.Saved, results: make(chan result, 1)}
}

// absorb applies the values that other goroutines have passed.
func (r *reconciler) absorb(in inbox, now time.Time) {
	r.observed = r.observed || in.activity != nil
	if in.activity != nil && *in.activity != r.activity {
		r.activity = *in.activity
		r.trouble.endPause()
	}
	if in.policy != nil {
		r.policy = *in.policy
	}
	if in.choice != nil {
		c := in.choice.At(now)
		if c.Status != Automatic {
			c.Since = now
		}
		r.setChoice(c)
		r.nothingTheirs = false
		r.trouble.forgetRefusals()
		r.trouble.endPause()
		r.logChoice(c)
	}
	if in.service != nil {
		r.adopt(*in.service)
	}
	if in.clearTheirs {
		r.clearTheirs = !r.theirs.Zero()
		r.trouble.endRest(kindPreferred)
		r.trouble.endPause()
	}
}

// adopt starts over with a service whose state is unknown.
func (r *reconciler) adopt(s Service) {
	r.service, r.signIn = s, nil
	r.sent, r.unknown, r.readDue = Sent{}, true, true
	r.theirs, r.clearTheirs, r.shown, r.shownAt = Pair{}, false, Shown{}, time.Time{}
	r.trouble = trouble{since: r.trouble.since}
}

// decide decides again what colleagues should see.
func (r *reconciler) decide(now time.Time) {
	if c := r.saved.Choice.At(now); c != r.saved.Choice {
		r.opts.Log.Info("choice ended", "status", r.saved.Choice.Status)
		r.setChoice(c)
	}
	w := Decide(r.saved.Choice, r.activity, r.policy, now.In(r.opts.Zone()))
	if w.Pair() != r.want.Pair() || w.Reason.Rule != r.want.Reason.Rule || w.Reason.App != r.want.Reason.App {
		r.since = now
		r.opts.Log.Info("presence wanted", "pair", w.Pair(), "rule", w.Reason.Rule, "app", w.Reason.App)
	}
	// What was refused was one value; another one may be accepted.
	for k, changed := range [...]bool{kindSession: w.Session != r.want.Session, kindPreferred: w.Preferred != r.want.Preferred, kindMessage: w.Message != r.want.Message} {
		if changed {
			r.trouble.endRest(kind(k))
		}
	}
	r.want = w
}

func (r *reconciler) setChoice(c Choice) {
	r.saved.Choice = c
	r.keep()
}

// keep writes down what must outlive the process.
func (r *reconciler) keep() {
	if r.opts.Keep != nil {
		r.opts.Keep(r.saved)
	}
}

// start begins the most urgent job, unless one is in flight or none is due.
func (r *reconciler) start(ctx context.Context, now time.Time) {
	if r.busy || !r.observed || r.service == nil || r.signIn != nil || r.trouble.paused(now) {
		return
	}
	r.trouble.asked = false
	j, ok := r.next(now)
	if !ok {
		return
	}
	ctx, r.stop = context.WithTimeout(ctx, callTimeout)
	r.busy = true
	go func() { r.results <- result{j, j.run(ctx)} }()
}

// cancel ends the job in flight and handles its outcome.
func (r *reconciler) cancel() {
	if r.busy {
		r.stop()
		r.finish(<-r.results, r.opts.Now())
	}
}

// next returns the most urgent job that is due.
func (r *reconciler) next(now time.Time) (job, bool) {
	plans := [...]func(time.Time) (job, bool){kindSession: r.planSession, kindPreferred: r.planPreferred, kindMessage: r.planMessage, kindShown: r.planShown}
	order := [...]kind{kindSession, kindPreferred, kindMessage, kindShown}
	if r.want.Session.Zero() && r.want.Preferred.Zero() {
		// A preferred presence is only cleared if it is shown, which takes a
		// living session.
		order[0], order[1] = kindPreferred, kindSession
	}
	// What fails comes last, or a request that never succeeds would delay the
	// others.
	for _, failing := range [...]bool{false, true} {
		for _, k := range order {
			if r.trouble.failing[k] != failing || r.trouble.rests(k, now) {
				continue
			}
			if j, ok := plans[k](now); ok {
				return j, true
			}
			r.trouble.inStep(k)
		}
	}
	return job{}, false
}

// finish handles a job's outcome.
func (r *reconciler) finish(done result, now time.Time) {
	r.stop()
	r.busy = false
	done.job.done(done.err, now)
	r.schedule(done.job, done.err, now)
}

// sleep returns how long nothing can become due.
func (r *reconciler) sleep(now time.Time) time.Duration {
	at := r.want.Until
	if r.observed && r.service != nil && r.signIn == nil && !r.busy {
		if r.trouble.paused(now) {
			at = earlier(at, r.trouble.pause)
		} else {
			at = earlier(at, r.nextDue(now))
		}
	}
	if at.IsZero() {
		return 1<<63 - 1 // only an event ends it
	}
	return max(0, at.Sub(now))
}

// nextDue returns the earliest renewal; a kind that rests is due when its rest
// ends.
func (r *reconciler) nextDue(now time.Time) time.Time {
	var due [kinds]time.Time
	if !r.want.Session.Zero() {
		due[kindSession] = r.renewAt
	}
	if own := r.saved.Preferred; !own.Zero() && r.want.PreferredUntil.IsZero() && !r.want.Preferred.Zero() {
		due[kindPreferred] = own.At.Add(preferredRenew)
	}
	if r.saved.Message != "" && r.want.Message != "" {
		due[kindMessage] = r.saved.MessageUntil.Add(messageRenew - messageExpire)
	}
	var at time.Time
	for k := range kinds {
		if r.trouble.rests(k, now) {
			due[k] = r.trouble.rest[k]
		}
		at = earlier(at, due[k])
	}
	return at
}

// state returns a copy of what others may see.
func (r *reconciler) state(now time.Time) State {
	s := State{Choice: r.saved.Choice, Activity: r.activity, Want: r.want, Since: r.since,
		Shown: r.shown, ShownAt: r.shownAt, Theirs: r.theirs,
		SignedIn: r.service != nil && r.signIn == nil, Observed: r.observed}
	if r.sent.holds(now) {
		s.Sent = r.sent
	}
	if s.Err = r.lasting(); s.Err != nil {
		s.ErrSince = r.trouble.since
		if r.trouble.paused(now) {
			s.Retry = r.trouble.pause
		}
	}
	return s
}

// clearAll clears what heliograph has set at Graph, at quit and at sign-out, and
// puts the user's status message back. The choice is kept for the next start. It
// returns what could not be cleared.
func (r *reconciler) clearAll(ctx context.Context) []Left {
	lost := r.unknown
	if r.service == nil || r.signIn != nil {
		return r.left(lost, r.opts.Now())
	}
	ctx, cancel := context.WithTimeout(ctx, ReleaseTimeout)
	defer cancel()
	wanted := r.want
	r.want = Want{Reason: wanted.Reason}
	r.readDue = false
	r.clearTheirs = false
	// The preferred presence is compared with what is shown, which needs the
	// living session: it goes first, the session last.
	for _, plan := range []func(time.Time) (job, bool){r.planMessage, r.planPreferred, r.planSession} {
		now := r.opts.Now()
		j, ok := plan(now)
		if !ok {
			continue
		}
		err := j.run(ctx)
		j.done(err, now)
		if err != nil {
			r.opts.Log.Warn("could not be cleared; Graph drops it when it expires", "what", j.name, "error", err)
		}
	}
	r.want = wanted
	return r.left(lost, r.opts.Now())
}

// logChoice logs a choice, with its end if it has one.
func (r *reconciler) logChoice(c Choice) {
	if c.Until.IsZero() {
		r.opts.Log.Info("status chosen", "status", c.Status)
		return
	}
	r.opts.Log.Info("status chosen", "status", c.Status, "until", c.Until)
}
