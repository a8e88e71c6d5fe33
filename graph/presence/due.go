package presence

import (
	"math"
	"time"
)

// overdueWait is how long the loop sleeps when something is due that no plan
// wants: it must never turn at full speed.
const overdueWait = time.Second

// never is a sleep that only an event ends.
const never = time.Duration(math.MaxInt64)

// sleep returns how long nothing can become due.
func (r *reconciler) sleep(now time.Time) time.Duration {
	at := r.want.Until
	if r.observed && r.service != nil && r.signIn == nil && !r.busy {
		if r.trouble.paused(now) {
			at = earlier(at, r.trouble.pause)
		} else {
			at = earlier(at, r.nextDue(now))
		}
		if wait := r.held(); wait > 0 {
			at = earlier(at, now.Add(wait))
		}
	}
	if at.IsZero() {
		return never
	}
	if d := at.Sub(now); d > 0 {
		return d
	}
	return overdueWait
}

// nextDue returns the earliest renewal; a kind that rests is due when its rest
// ends.
func (r *reconciler) nextDue(now time.Time) time.Time {
	var due [kinds]time.Time
	if !r.activity.Asleep {
		due[kindLook] = r.look.recheck
	}
	if !r.want.Session.Zero() {
		due[kindSession] = later(r.renewAt, r.look.yieldUntil)
	}
	if e := r.ledger.Preferred; !e.empty() && !r.want.Preferred.Zero() && r.want.PreferredUntil.IsZero() && !r.alive(now).Zero() {
		// Without a session, as in sleep, it waits for one: see lookAlive.
		due[kindPreferred] = e.newest().At.Add(preferredRenew)
		if !due[kindPreferred].After(now) {
			due[kindPreferred] = later(due[kindPreferred], r.look.recheck)
		}
	}
	if e := r.ledger.Message; !e.empty() && r.want.Message != "" {
		due[kindMessage] = e.newest().At.Add(messageRenew)
	}
	var at time.Time
	for k := range kinds {
		if k != kindLook {
			e := r.ledger.entry(k)
			due[k] = earlier(due[k], e.lastLate())
			if ended := e.newest(); e.Sure && !ended.Gone.IsZero() && r.wanted(k).Zero() {
				due[k] = earlier(due[k], ended.Gone) // it ends without a request
			}
		}
		if k == kindSession && !due[k].IsZero() {
			due[k] = later(due[k], r.look.yieldUntil)
		}
		if r.trouble.rests(k, now) {
			due[k] = r.trouble.rest[k]
		}
		at = earlier(at, due[k])
	}
	return at
}

// wanted returns the value that is wanted of a kind.
func (r *reconciler) wanted(k kind) Value {
	switch k {
	case kindSession:
		return Value{Pair: r.want.Session}
	case kindPreferred:
		return Value{Pair: r.want.Preferred}
	case kindMessage:
		return Value{Text: r.want.Message}
	}
	return Value{}
}

// state returns a copy of what others may see.
func (r *reconciler) state(now time.Time) State {
	s := State{Choice: r.choice, Activity: r.activity, Want: r.want, Since: r.since,
		Shown: r.look.shown, ShownAt: r.look.at, Theirs: r.look.theirs,
		SignedIn: r.service != nil && r.signIn == nil, Observed: r.observed, InStep: r.inStep}
	s.Confirmed = s.SignedIn && r.inStep && r.look.confirmed(r, now)
	if e := r.ledger.Session; e.Sure && !e.newest().Zero() && now.Before(e.newest().Expires) {
		w := e.newest()
		s.Sent = Sent{w.Pair, w.At, w.Expires}
	}
	if s.Err = r.lasting(); s.Err != nil {
		s.ErrSince = r.trouble.since
		if r.trouble.paused(now) {
			s.Retry = r.trouble.pause
		}
	}
	return s
}

// logChoice logs a choice, with its end if it has one.
func (r *reconciler) logChoice(c Choice) {
	if c.Until.IsZero() {
		r.opts.Log.Info("status chosen", "status", c.Status)
		return
	}
	r.opts.Log.Info("status chosen", "status", c.Status, "until", c.Until)
}
