package presence

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Back-off after a failure that named no pause of its own: doubling from the
// first to the last, each drawn between half and whole, so that the end of an
// outage is noticed within a minute and a tenant's clients do not all return at
// once.
const (
	backoffFirst = time.Second
	backoffLast  = time.Minute
)

// refusedLast ends the doubling for what Microsoft refuses: a single refusal
// may be a mistake that is gone in a second; a lasting one can only be resolved
// by an administrator or the user.
const refusedLast = 15 * time.Minute

// trouble is what has failed and when it is tried again. A failure that
// concerns every request pauses all kinds; an answer that is an error pauses
// its own kind alone.
type trouble struct {
	errs  [kinds]error
	since time.Time // of the first of them; zero: there is none

	rest     [kinds]time.Time // nothing of the kind is tried before
	refusals [kinds]int       // failures in a row
	apart    [kinds]bool      // another kind has succeeded since its last failure
	failing  [kinds]bool      // which kinds failed since anything succeeded
	behind   [kinds]bool      // which kinds failed last, so that the others have their turn first

	pause    time.Time // nothing at all is tried before
	failures int       // pauses in a row
	asked    bool      // the server asked for the pause
}

func (t *trouble) paused(now time.Time) bool { return now.Before(t.pause) }

func (t *trouble) rests(k kind, now time.Time) bool { return now.Before(t.rest[k]) }

// resting reports whether any kind waits for its next attempt.
func (t *trouble) resting(now time.Time) bool {
	for k := range kinds {
		if t.rests(k, now) {
			return true
		}
	}
	return false
}

// shift moves all instants by d, as a clock that was set back asks for.
func (t *trouble) shift(d time.Duration) {
	moved(&t.since, d)
	moved(&t.pause, d)
	for k := range kinds {
		moved(&t.rest[k], d)
	}
}

// endPause ends a back-off, but never a pause that the server has requested.
func (t *trouble) endPause() {
	if !t.asked {
		t.pause = time.Time{}
	}
}

func (t *trouble) endRest(k kind) { t.rest[k], t.behind[k] = time.Time{}, false }

// forgetRefusals lets every kind be tried at once, with short rests again.
func (t *trouble) forgetRefusals() { t.rest, t.refusals = [kinds]time.Time{}, [kinds]int{} }

// inStep notes that nothing of a kind is left to do, so that its earlier
// failures are not reported any more. They count until one could have been
// tried again, or every event would start the pauses over.
func (t *trouble) inStep(k kind, now time.Time) {
	t.errs[k] = nil
	if k == kindLook { // what cannot be read now is not tried with every write
		return
	}
	t.failing[k], t.behind[k] = false, false
	if now.After(t.rest[k].Add(refusedLast)) {
		t.refusals[k] = 0
	}
}

// succeeded ends every pause but the rests of other kinds. Kinds that failed
// together with this one may have done so for the same reason.
func (t *trouble) succeeded(k kind) {
	for other, failing := range t.failing {
		if failing && t.failing[k] {
			t.errs[other], t.refusals[other], t.rest[other] = nil, 0, time.Time{}
		}
	}
	t.failures, t.pause, t.errs[k] = 0, time.Time{}, nil
	t.refusals[k], t.failing, t.behind[k] = 0, [kinds]bool{}, false
	for other := range t.apart {
		t.apart[other] = true
	}
}

// alone reports whether no other kind has failed since the last success, so
// that the failure may concern this kind alone.
func (t *trouble) alone(k kind) bool {
	others := t.failing
	others[k] = false
	return others == [kinds]bool{}
}

// schedule decides when a job's kind, or everything, is tried again.
func (r *reconciler) schedule(j job, err error, now time.Time) {
	t, k := &r.trouble, j.kind
	switch {
	case err == nil:
		if t.failures > 0 || t.refusals[k] > 0 {
			r.opts.Log.Info("Microsoft Graph answers again", "what", j.name)
		}
		t.succeeded(k)
		return
	case errors.Is(err, context.Canceled):
		return // the loop has given it up
	}
	if t.since.IsZero() {
		t.since = now
	}
	t.errs[k] = err
	log := r.opts.Log.With("what", j.name, "error", err)
	wait, asked := RetryAfter(err)
	// Whether this kind has failed before, and others succeeded meanwhile.
	apart := t.apart[k] && t.refusals[k] > 0
	t.apart[k] = false
	switch {
	case errors.Is(err, ErrSignIn):
		r.signIn = err
		log.Warn("signing in is needed")
	case asked:
		t.failures++
		t.pause, t.asked = now.Add(wait), true
		log.Warn("Microsoft Graph asks to wait", "wait", wait)
	case errors.Is(err, ErrRefused) && t.alone(k):
		r.restKind(k, refusedLast, now, log, "Microsoft refuses")
	case errors.Is(err, ErrAnswered) && t.alone(k), apart:
		r.restKind(k, backoffLast, now, log, "answered with an error")
	default:
		last := backoffLast
		if errors.Is(err, ErrRefused) {
			// Every kind is refused. What has lasted for long is likely to last, and
			// its end is noticed within a quarter of that time.
			last = min(refusedLast, max(backoffLast, now.Sub(t.since)/4))
		}
		wait = r.pauseAfter(last, t.failures)
		t.failures++
		t.refusals[k] = max(1, t.refusals[k])
		t.pause = now.Add(wait)
		logFailure(log, "Microsoft Graph was not reached", t.failures, wait)
	}
	t.failing[k], t.behind[k] = true, true
}

// restKind pauses one kind after an answer that was an error; the others go on.
func (r *reconciler) restKind(k kind, last time.Duration, now time.Time, log *slog.Logger, what string) {
	wait := r.pauseAfter(last, r.trouble.refusals[k])
	r.trouble.refusals[k]++
	r.trouble.rest[k] = now.Add(wait)
	logFailure(log, what, r.trouble.refusals[k], wait)
}

// pauseAfter returns the pause after so many earlier failures: doubling from
// backoffFirst to last, and drawn between half and whole. It is a function of
// its arguments and of Options.Jitter alone, so that tests can bound the number
// of requests exactly; a library's back-off draws from a source of its own.
func (r *reconciler) pauseAfter(last time.Duration, failures int) time.Duration {
	d := last
	if failures < 16 {
		d = min(d, backoffFirst<<failures)
	}
	return d/2 + time.Duration(r.opts.Jitter()*float64(d/2))
}

// logFailure reports a failure at its first time, and as their number doubles.
func logFailure(log *slog.Logger, what string, times int, wait time.Duration) {
	level := slog.LevelDebug
	if times&(times-1) == 0 {
		level = slog.LevelWarn
	}
	log.Log(context.Background(), level, what, "attempt", times, "again", wait.Round(time.Millisecond))
}

// lasting returns the most important error that lasts, nil once there is none;
// an outage is counted from its first error.
func (r *reconciler) lasting() error {
	if r.signIn != nil {
		return r.signIn
	}
	for _, err := range r.trouble.errs {
		if err != nil {
			return err
		}
	}
	r.trouble.since = time.Time{}
	return nil
}
