package presence

import (
	"context"
	"errors"
	"time"
)

// clearTries bounds the attempts to clear one thing at quit and at sign-out.
const clearTries = 4

// clearPause is the first pause between them; it doubles.
const clearPause = 80 * time.Millisecond

// clearAll clears what heliograph has set at Graph, at quit and at sign-out, and
// puts the person's status message back. The choice is kept for the next start.
// It returns what could not be cleared.
func (r *reconciler) clearAll(ctx context.Context) []Left {
	ctx, cancel := context.WithTimeout(ctx, ReleaseTimeout)
	defer cancel()
	r.cancel(ctx)
	if r.service == nil || r.signIn != nil {
		return r.left(r.opts.Now())
	}
	wanted, yieldsTo := r.want, r.ledger.YieldsTo
	r.want = Want{Reason: wanted.Reason}
	r.clearTheirs, r.leftToOthers, r.look.yieldUntil = false, false, time.Time{}
	r.trouble.endRest(kindLook) // there is no later
	var failed [kinds]int
	for ctx.Err() == nil {
		j, ok := r.nextClear(failed, r.opts.Now())
		if !ok {
			break
		}
		err := r.runClear(ctx, j)
		j.done(err, r.opts.Now())
		if err == nil {
			continue
		}
		failed[j.kind]++
		if failed[j.kind] == 1 {
			r.opts.Log.Warn("could not be cleared at the first attempt", "what", j.name, "error", err)
		}
		if errors.Is(err, ErrSignIn) { // a refusal may be a mistake: see TestOneRefusalCostsSeconds
			failed[j.kind] = clearTries
		}
		r.look.givenUp = failed[kindLook] > 0
		wait(ctx, clearPause<<failed[j.kind])
	}
	r.want, r.ledger.YieldsTo, r.look.givenUp = wanted, yieldsTo, false
	r.keep()
	return r.left(r.opts.Now())
}

// nextClear returns the next thing to clear: what has failed least, and of these
// the message first. What is shown decides about the other two, which takes the
// living session: that goes last.
func (r *reconciler) nextClear(failed [kinds]int, now time.Time) (job, bool) {
	plans := r.plans()
	for tries := range clearTries {
		for _, k := range [...]kind{kindMessage, kindPreferred, kindSession} {
			if failed[k] != tries {
				continue
			}
			if j, ok := plans[k](now); ok {
				return j, true
			}
		}
	}
	return job{}, false
}

// runClear runs a job; a look, without which the rest can be cleared as well,
// takes a third of the time at most.
func (r *reconciler) runClear(ctx context.Context, j job) error {
	if j.kind == kindLook {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, ReleaseTimeout/3)
		defer cancel()
	}
	return j.run(ctx)
}

// wait lets d pass, or ends with ctx.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
