package presence

import (
	"context"
	"time"
)

// planSession keeps the presence session: set when it differs or ages, cleared
// when none is wanted.
func (r *reconciler) planSession(now time.Time) (job, bool) {
	p := r.want.Session
	if p.Zero() {
		if !r.sent.holds(now) && !r.unknown {
			return job{}, false
		}
		return job{kindSession, "clear presence", r.service.ClearPresence, func(err error, _ time.Time) {
			if err != nil {
				r.unknown = true // the answer may have been lost, not the request
				return
			}
			r.sent, r.unknown, r.readDue = Sent{}, false, true
		}}, true
	}
	if r.sent.holds(now) && !r.unknown && r.sent.Pair == p && now.Before(r.renewAt) {
		return job{}, false
	}
	t, service := r.opts.Timing(p), r.service
	set := func(ctx context.Context) error { return service.SetPresence(ctx, p, t.Expire) }
	return job{kindSession, "set presence", set, func(err error, _ time.Time) {
		if err != nil {
			r.unknown = true // the answer may have been lost, not the request
			return
		}
		// The lifetime counts from before the request, to be on the safe side.
		r.sent, r.unknown, r.readDue = Sent{p, now, now.Add(t.Expire)}, false, true
		r.renewAt = now.Add(t.Renew - time.Duration(r.opts.Jitter()*float64(t.Renew/10)))
	}}, true
}
