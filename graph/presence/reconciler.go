package presence

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"heliograph/detect"
)

// kind is one of the things kept at Graph, each reconciled apart from the
// others, in this order of urgency.
type kind int

const (
	kindSession kind = iota
	kindPreferred
	kindMessage
	kindLook // reads what colleagues see
	kinds
)

// reconciler is what Run owns: the facts, the decision, and the ledger of what
// may be at Graph. It posts one job at a time.
type reconciler struct {
	opts     Options
	policy   Policy
	activity detect.Activity
	observed bool // an activity was received; before that, nothing is known
	choice   Choice
	want     Want
	// callSince is since when there is a call, of one program or another; zero:
	// there is none.
	callSince time.Time
	since     time.Time
	begun     time.Time // when the loop was made
	clock     clock

	service Service
	signIn  error // why nobody can be posted for, until a new service comes
	met     bool  // there was a service before
	ledger  Ledger
	others  []Ledger // of accounts that have signed out
	// changed is when a write has changed, or may have changed, what colleagues
	// see.
	changed time.Time
	renewAt time.Time // of the session

	look look
	// leftToOthers: our session was not cleared, because another computer, or
	// Teams, shows its own.
	leftToOthers bool
	clearTheirs  bool
	limit        *rate.Limiter

	trouble trouble

	inStep bool // nothing is left to do, or nothing can be done
	busy   bool
	stop   context.CancelFunc
	// abandon gives the write in flight up, as one whose outcome is not known.
	// Nil: there is none, or it was given up already.
	abandon func(now time.Time)
	stale   bool // the job in flight is of a former service
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
	// abandon gives a write up, as one whose outcome is not known; nil: it is a
	// read.
	abandon func(now time.Time)
}

type result struct {
	job job
	err error
}

// What is posted and read is limited, because the whole tenant shares Graph's
// limit of 1,500 presence requests in 30 s: a burst, as changes of mind need,
// and then two requests in a second. Of what was wanted meanwhile the last is sent.
const (
	requestBurst = 20
	requestEvery = 500 * time.Millisecond
)

func newReconciler(o Options) *reconciler {
	if o.Saved.Choice.Status == "" {
		o.Saved.Choice.Status = Automatic
	}
	if now := o.Now(); o.Saved.Choice.Since.After(now) { // the clock was wrong then
		o.Saved.Choice.Since = now.Add(-settleTime)
	}
	r := &reconciler{opts: o, policy: o.Policy, choice: o.Saved.Choice, others: o.Saved.Accounts, begun: o.Now(), results: make(chan result, 1)}
	r.limit = rate.NewLimiter(rate.Every(requestEvery), requestBurst)
	return r
}

// absorb applies the values that other goroutines have passed.
func (r *reconciler) absorb(in inbox, now time.Time) {
	r.observed = r.observed || in.activity != nil
	if in.activity != nil {
		a := *in.activity
		// What is in the future was seen before the clock was set back, by which
		// what was known before has been moved.
		if a.LastInput.After(now) {
			a.LastInput = notAfter(cmp.Or(r.activity.LastInput, now), now)
		}
		if a.Call.Since.After(now) {
			a.Call.Since = now
			if before := r.activity.Call; before.App == a.Call.App && !before.Since.IsZero() {
				a.Call.Since = before.Since
			}
		}
		if a != r.activity {
			r.activity = a
			switch {
			case !a.Call.Active():
				r.callSince = time.Time{}
			case r.callSince.IsZero():
				r.callSince = a.Call.Since
			}
			r.trouble.endPause()
		}
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
		r.look.forgetChoice()
		// What is there may not be ours any more, and this choice is the newest.
		r.eachLedger(func(l *Ledger) { l.Preferred.disown() })
		r.trouble.forgetRefusals()
		r.trouble.endPause()
		r.logChoice(c)
	}
	if in.service != nil {
		r.adopt(*in.service, now)
	}
	if in.clearTheirs {
		r.clearTheirs = !r.look.theirs.Zero()
		r.trouble.endRest(kindPreferred)
		r.trouble.endPause()
	}
}

// adopt starts over with a service. What may be set for its account is in the
// ledger; nothing of it is sure before it was looked at.
func (r *reconciler) adopt(s Service, now time.Time) {
	r.giveUp(now)
	same := s != nil && r.ledger.Account == s.Account()
	asked := r.trouble
	r.shelve(now)
	r.service, r.signIn = s, nil
	r.clearTheirs, r.changed = false, time.Time{}
	r.look, r.leftToOthers = look{due: true}, false
	if s != nil {
		r.ledger, r.others = ledgerOf(r.others, s.Account(), now)
		r.changed = notAfter(r.ledger.changed(), now)
		if r.met {
			r.ledger.YieldsTo = "" // since when there is a call is known, unlike after a start
		}
		r.met = true
		r.look.choiceIsOlder = r.choice.Status != Automatic && now.After(r.choice.Since.Add(lookAge))
	}
	r.trouble = trouble{since: asked.since}
	if same && asked.asked { // a pause that Graph asked for is not for the token
		r.trouble.pause, r.trouble.asked = asked.pause, true
	}
}

// giveUp ends the job in flight. What it writes belongs to the account that has
// sent it.
func (r *reconciler) giveUp(now time.Time) {
	if !r.busy {
		return
	}
	r.stop()
	r.stale = true
	if r.abandon != nil {
		r.abandon(now)
		r.abandon = nil
		r.keep()
	}
}

// shelve puts the ledger of the present account to the others, and drops those of
// which nothing is left.
func (r *reconciler) shelve(now time.Time) {
	var kept []Ledger
	for _, l := range r.accounts() {
		if l.expire(now); !l.empty() {
			kept = append(kept, l)
		}
	}
	r.others, r.ledger = kept, Ledger{}
}

// accounts returns all ledgers that hold something.
func (r *reconciler) accounts() []Ledger {
	if r.ledger.empty() {
		return r.others
	}
	return append(slices.Clone(r.others), r.ledger)
}

// decide decides again what colleagues should see.
func (r *reconciler) decide(now time.Time) {
	if c := r.choice.At(now); c != r.choice {
		r.opts.Log.Info("choice ended", "status", r.choice.Status)
		r.setChoice(c)
	}
	w := Decide(r.choice, r.activity, r.policy, now.In(r.opts.Zone()))
	if w.Session != r.want.Session || w.Pair() != r.want.Pair() || w.Reason.Rule != r.want.Reason.Rule || w.Reason.App != r.want.Reason.App {
		r.since = now
		r.look.yieldUntil = time.Time{}
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
	r.choice = c
	r.keep()
}

// keep writes down what must outlive the process.
func (r *reconciler) keep() {
	if r.opts.Keep != nil {
		r.opts.Keep(Saved{Choice: r.choice, Accounts: r.accounts()})
	}
}

// start begins the most urgent job, unless one is in flight or none is due.
func (r *reconciler) start(ctx context.Context, now time.Time) {
	r.inStep = r.service == nil || r.signIn != nil
	if r.busy || !r.observed || r.inStep || r.trouble.paused(now) || r.held() > 0 {
		return
	}
	r.trouble.asked = false
	j, ok := r.next(now)
	if !ok {
		r.look.fresh = false
		r.inStep = !r.trouble.resting(now)
		return
	}
	r.limit.Allow()
	// What is in flight at quit is waited for: see cancel.
	ctx, r.stop = context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	r.busy, r.stale, r.abandon = true, false, j.abandon
	go func() { r.results <- result{j, j.run(ctx)} }()
}

// held returns how long the limit of requests forbids the next one.
func (r *reconciler) held() time.Duration {
	missing := 1 - r.limit.Tokens()
	return max(0, time.Duration(missing*float64(requestEvery)))
}

// cancel waits a moment for the job in flight, because a request that was given
// up may still arrive after the next one, and handles its outcome.
func (r *reconciler) cancel(ctx context.Context) {
	if !r.busy {
		return
	}
	grace, end := context.WithTimeout(ctx, inFlightGrace)
	defer end()
	select {
	case done := <-r.results:
		r.finish(done, r.opts.Now())
	case <-grace.Done():
		r.stop()
		r.finish(<-r.results, r.opts.Now())
	}
}

// next returns the most urgent job that is due.
func (r *reconciler) next(now time.Time) (job, bool) {
	for _, k := range [...]kind{kindSession, kindPreferred, kindMessage} {
		if r.ledger.expireKind(k, now) {
			r.look.due = true
			if k != kindMessage {
				r.changed = now
			}
			r.keep()
		}
	}
	plans := r.plans()
	order := [...]kind{kindSession, kindPreferred, kindMessage, kindLook}
	if r.want.Session.Zero() && r.want.Preferred.Zero() {
		// A preferred presence is only cleared if it is shown, which takes a
		// living session.
		order[0], order[1] = kindPreferred, kindSession
	}
	// What fails comes last, or a request that never succeeds would delay the
	// others: of these, too, the look comes last.
	var look job
	for _, failing := range [...]bool{false, true} {
		for _, k := range order {
			if (r.trouble.failing[k] || r.trouble.behind[k]) != failing || r.trouble.rests(k, now) {
				continue
			}
			switch j, ok := plans[k](now); {
			case !ok:
				r.trouble.inStep(k, now)
			case j.kind == kindLook && r.trouble.failing[kindLook]:
				look = j
			default:
				return j, true
			}
		}
	}
	return look, look.run != nil
}

// plans returns what plans each kind.
func (r *reconciler) plans() [kinds]func(time.Time) (job, bool) {
	return [kinds]func(time.Time) (job, bool){kindSession: r.planSession, kindPreferred: r.planPreferred, kindMessage: r.planMessage, kindLook: r.planLook}
}

// finish handles a job's outcome.
func (r *reconciler) finish(done result, now time.Time) {
	r.stop()
	r.busy, r.abandon = false, nil
	if r.stale {
		return
	}
	done.job.done(done.err, now)
	if done.err != nil {
		r.look.fresh = false
	}
	r.schedule(done.job, done.err, now)
}
