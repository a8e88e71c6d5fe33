package presence

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"heliograph/detect"
)

// kind is one of the things held in Graph, each reconciled by itself, in this
// order of urgency.
type kind int

const (
	kindSession kind = iota
	kindPreferred
	kindMessage
	kindShown
	kinds
)

func (k kind) String() string {
	return [...]string{"session", "preferred presence", "status message", "shown presence"}[k]
}

// callTimeout bounds one exchange with Graph, token refresh included.
const callTimeout = 30 * time.Second

// Back-off after a failure that named no pause of its own: doubling from the
// first to the last, each drawn between half and whole, so that an outage's
// end is met within a minute and a tenant's clients do not come back at once.
const (
	backoffFirst = time.Second
	backoffLast  = time.Minute
)

// refusedLast ends the doubling for what Microsoft refuses: a single refusal may
// be a mistake that is gone in a second, a lasting one can only be mended by an
// administrator or the user.
const refusedLast = 15 * time.Minute

// settleTime is how long after a preferred presence of ours was set, and not
// read back yet, an answer of GET is not held against it: Graph is eventually
// consistent.
const settleTime = time.Minute

// machine is what Run owns: the facts, the decision, and what Graph was told.
type machine struct {
	opts     Options
	policy   Policy
	activity detect.Activity
	observed bool // an activity has come: before, nothing is known to be so
	want     Want
	since    time.Time
	saved    Saved

	service Service
	signIn  error // why nobody can be posted for, until a new service comes
	sent    Sent
	unknown bool // an earlier run may have left a session behind
	renewAt time.Time
	shown   Shown
	shownAt time.Time
	readDue bool
	theirs  Pair
	seen    bool // our preferred presence was read back since it was set
	clean   bool // a read since the choice showed no choice made in Teams
	free    bool // the user asked to clear theirs

	errs     [kinds]error
	errSince time.Time
	rest     [kinds]time.Time // a kind that was answered with an error rests until then
	refusals [kinds]int       // such answers in a row
	failing  [kinds]bool      // which kinds failed since anything succeeded
	failures int              // pauses of all kinds in a row
	pause    time.Time        // nothing is tried before; zero: at once
	asked    bool             // the pause is the server's wish

	busy    bool
	stop    context.CancelFunc
	results chan result
}

// job is one thing to do, and what follows from its success.
type job struct {
	kind kind
	name string
	run  func(ctx context.Context) error
	// done learns how it went, on the loop's goroutine. After an error the
	// write may still have reached Graph.
	done func(err error, now time.Time)
}

type result struct {
	job job
	err error
}

func newMachine(o Options) *machine {
	if o.Saved.Choice.Status == "" {
		o.Saved.Choice.Status = Automatic
	}
	return &machine{opts: o, policy: o.Policy, saved: o.Saved, results: make(chan result, 1)}
}

// absorb takes over what others handed in.
func (m *machine) absorb(in inbox, now time.Time) {
	m.observed = m.observed || in.activity != nil
	if in.activity != nil && *in.activity != m.activity {
		m.activity = *in.activity
		m.hurry()
	}
	if in.policy != nil {
		m.policy = *in.policy
	}
	if in.choice != nil {
		c := in.choice.At(now)
		if c.Status != Automatic {
			c.Since = now
		}
		m.setChoice(c)
		m.clean = false
		m.rest, m.refusals = [kinds]time.Time{}, [kinds]int{}
		m.hurry()
		m.opts.Log.Info("status chosen", "status", c.Status, "until", c.Until)
	}
	if in.service != nil {
		m.adopt(*in.service)
	}
	if in.theirs {
		m.free = !m.theirs.Zero()
		m.rest[kindPreferred] = time.Time{}
		m.hurry()
	}
	if in.look {
		m.readDue = true
		m.rest = [kinds]time.Time{}
		m.hurry()
	}
}

// hurry ends a back-off, but never a pause that the server asked for.
func (m *machine) hurry() {
	if !m.asked {
		m.pause = time.Time{}
	}
}

// adopt starts over with a service whose state is unknown.
func (m *machine) adopt(s Service) {
	m.service, m.signIn = s, nil
	m.sent, m.unknown, m.readDue = Sent{}, true, true
	m.theirs, m.free, m.shown, m.shownAt = Pair{}, false, Shown{}, time.Time{}
	m.errs, m.rest, m.refusals = [kinds]error{}, [kinds]time.Time{}, [kinds]int{}
	m.failing, m.failures, m.pause, m.asked = [kinds]bool{}, 0, time.Time{}, false
}

// decide looks again at what should be seen.
func (m *machine) decide(now time.Time) {
	if c := m.saved.Choice.At(now); c != m.saved.Choice {
		m.opts.Log.Info("choice ended", "status", m.saved.Choice.Status)
		m.setChoice(c)
	}
	w := Decide(m.saved.Choice, m.activity, m.policy, now.In(m.opts.Zone()))
	if w.Pair() != m.want.Pair() || w.Reason.Rule != m.want.Reason.Rule || w.Reason.App != m.want.Reason.App {
		m.since = now
		m.opts.Log.Info("presence wanted", "pair", w.Pair(), "rule", w.Reason.Rule, "app", w.Reason.App)
	}
	// What was refused was one value; another one may be accepted.
	for k, changed := range [...]bool{kindSession: w.Session != m.want.Session, kindPreferred: w.Preferred != m.want.Preferred, kindMessage: w.Message != m.want.Message} {
		if changed {
			m.rest[k] = time.Time{}
		}
	}
	m.want = w
}

func (m *machine) setChoice(c Choice) {
	m.saved.Choice = c
	m.keep()
}

// start begins the most urgent job, unless one is in flight or none is due.
func (m *machine) start(ctx context.Context, now time.Time) {
	if m.busy || !m.observed || m.service == nil || m.signIn != nil || now.Before(m.pause) {
		return
	}
	m.asked = false
	j, ok := m.next(now)
	if !ok {
		return
	}
	ctx, m.stop = context.WithTimeout(ctx, callTimeout)
	m.busy = true
	go func() { m.results <- result{j, j.run(ctx)} }()
}

// cancel ends the job in flight and takes its outcome in.
func (m *machine) cancel() {
	if m.busy {
		m.stop()
		m.finish(<-m.results, wall())
	}
}

// next names the most urgent job that is due.
func (m *machine) next(now time.Time) (job, bool) {
	plans := [...]func(time.Time) (job, bool){kindSession: m.planSession, kindPreferred: m.planPreferred, kindMessage: m.planMessage, kindShown: m.planShown}
	order := [...]kind{kindSession, kindPreferred, kindMessage, kindShown}
	if m.want.Session.Zero() && m.want.Preferred.Zero() {
		// A preferred presence is only cleared if it is shown, which takes a
		// living session.
		order[0], order[1] = kindPreferred, kindSession
	}
	// What fails comes last, or a request that never gets through would keep
	// the others waiting.
	for _, failing := range [...]bool{false, true} {
		for _, k := range order {
			if m.failing[k] != failing || now.Before(m.rest[k]) {
				continue
			}
			if j, ok := plans[k](now); ok {
				return j, true
			}
			m.errs[k], m.refusals[k], m.failing[k] = nil, 0, false // in step: whatever went wrong does not matter any more
		}
	}
	return job{}, false
}

// finish takes a job's outcome in.
func (m *machine) finish(r result, now time.Time) {
	m.stop()
	m.busy = false
	r.job.done(r.err, now)
	switch {
	case r.err == nil:
		if m.failures > 0 || m.refusals[r.job.kind] > 0 {
			m.opts.Log.Info("Microsoft Graph answers again", "what", r.job.name)
		}
		m.failures, m.pause, m.errs[r.job.kind] = 0, time.Time{}, nil
		m.refusals[r.job.kind], m.failing = 0, [kinds]bool{}
		return
	case errors.Is(r.err, context.Canceled):
		return // we gave it up ourselves
	}
	if m.errSince.IsZero() {
		m.errSince = now
	}
	m.errs[r.job.kind] = r.err
	log := m.opts.Log.With("what", r.job.name, "error", r.err)
	wait, asked := RetryAfter(r.err)
	switch {
	case errors.Is(r.err, ErrSignIn):
		m.signIn = r.err
		log.Warn("signing in is needed")
	case asked:
		m.failures++
		m.pause, m.asked = now.Add(wait), true
		log.Warn("Microsoft Graph asks to wait", "wait", wait)
	case errors.Is(r.err, ErrRefused):
		m.restKind(r.job.kind, refusedLast, now, log, "Microsoft refuses")
	case errors.Is(r.err, ErrAnswered) && m.alone(r.job.kind):
		m.restKind(r.job.kind, backoffLast, now, log, "answered with an error")
	default:
		wait = m.pauseAfter(backoffLast, m.failures)
		m.failures++
		m.pause = now.Add(wait)
		m.logFailure(log, "Microsoft Graph was not reached", m.failures, wait)
	}
	m.failing[r.job.kind] = true
}

// alone reports that no other kind has failed since the last success, so that
// the trouble may be of this kind alone.
func (m *machine) alone(k kind) bool {
	others := m.failing
	others[k] = false
	return others == [kinds]bool{}
}

// logFailure reports a failure at its first time, and as their number doubles.
func (m *machine) logFailure(log *slog.Logger, what string, times int, wait time.Duration) {
	level := slog.LevelDebug
	if times&(times-1) == 0 {
		level = slog.LevelWarn
	}
	log.Log(context.Background(), level, what, "attempt", times, "again", wait.Round(time.Millisecond))
}

// restKind pauses one kind after an answer that was an error; the others go on.
func (m *machine) restKind(k kind, last time.Duration, now time.Time, log *slog.Logger, what string) {
	wait := m.pauseAfter(last, m.refusals[k])
	m.refusals[k]++
	m.rest[k] = now.Add(wait)
	m.logFailure(log, what, m.refusals[k], wait)
}

// pauseAfter is the pause after so many earlier failures: doubling from
// backoffFirst to last, and drawn between half and whole.
func (m *machine) pauseAfter(last time.Duration, failures int) time.Duration {
	d := last
	if failures < 16 {
		d = min(d, backoffFirst<<failures)
	}
	return d/2 + time.Duration(m.opts.Jitter()*float64(d/2))
}

// sleep is how long nothing can become due.
func (m *machine) sleep(now time.Time) time.Duration {
	at := m.want.Until
	if m.observed && m.service != nil && m.signIn == nil && !m.busy {
		if now.Before(m.pause) {
			at = earlier(at, m.pause)
		} else {
			at = earlier(at, m.nextDue(now))
		}
	}
	if at.IsZero() {
		// Nothing is ever due: a timer that far is never armed by the runtime
		// before an event re-enters.
		return 1<<63 - 1
	}
	return max(0, at.Sub(now))
}

// nextDue is the earliest renewal; a kind that rests is due when its rest ends.
func (m *machine) nextDue(now time.Time) time.Time {
	var due [kinds]time.Time
	if !m.want.Session.Zero() {
		due[kindSession] = m.renewAt
	}
	if own := m.saved.Preferred; !own.Zero() && m.want.PreferredUntil.IsZero() && !m.want.Preferred.Zero() {
		due[kindPreferred] = own.At.Add(preferredRenew)
	}
	if m.saved.Message != "" && m.want.Message != "" {
		due[kindMessage] = m.saved.MessageUntil.Add(messageRenew - messageExpire)
	}
	var at time.Time
	for k := range kinds {
		if now.Before(m.rest[k]) {
			due[k] = m.rest[k]
		}
		at = earlier(at, due[k])
	}
	return at
}

// state copies out what others may see.
func (m *machine) state(now time.Time) State {
	s := State{Choice: m.saved.Choice, Activity: m.activity, Want: m.want, Since: m.since,
		Shown: m.shown, ShownAt: m.shownAt, Theirs: m.theirs,
		SignedIn: m.service != nil && m.signIn == nil, Observed: m.observed}
	if m.sent.holds(now) {
		s.Sent = m.sent
	}
	if s.Err = m.trouble(); s.Err != nil {
		s.ErrSince = m.errSince
		if now.Before(m.pause) {
			s.Retry = m.pause
		}
	}
	return s
}

// trouble is the most important error that lasts, nil once all is well; an
// outage is counted from its first error.
func (m *machine) trouble() error {
	if m.signIn != nil {
		return m.signIn
	}
	for _, err := range m.errs {
		if err != nil {
			return err
		}
	}
	m.errSince = time.Time{}
	return nil
}
