package presence

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// planPreferred keeps the preferred presence of a choice, clears it only if it
// is still ours, and clears the user's own only when the user asked for that.
func (r *reconciler) planPreferred(now time.Time) (job, bool) {
	r.dropExpired(now)
	own, p, until := r.saved.Preferred, r.want.Preferred, r.want.PreferredUntil
	switch {
	case r.clearTheirs:
		return job{kindPreferred, "clear the preferred presence chosen in Teams", r.service.ClearPreferred, func(err error, _ time.Time) {
			if err == nil {
				r.clearTheirs, r.theirs, r.readDue = false, Pair{}, true
			}
		}}, true
	case p.Zero() && own.Zero() && len(r.saved.Former) == 0:
		return job{}, false
	case p.Zero():
		return job{kindPreferred, "clear preferred presence", r.clearOurs(), func(err error, _ time.Time) {
			if err == nil {
				r.saved.Preferred, r.saved.Former, r.readDue = Sent{}, nil, true
				r.keep()
			}
		}}, true
	case own.Pair == p && own.At.IsZero(): // not confirmed
	case own.Pair == p && until.IsZero() && own.Expires.Sub(own.At) > preferredRenew && now.Before(own.At.Add(preferredRenew)):
		return job{}, false
	case own.Pair == p && !until.IsZero() && own.Expires.Equal(until):
		return job{}, false
	}
	return r.setPreferred(now), true
}

// setPreferred sets the preferred presence that is wanted.
func (r *reconciler) setPreferred(now time.Time) job {
	p, ends := r.want.Preferred, r.want.PreferredUntil
	if ends.IsZero() {
		ends = now.Add(preferredExpire)
	}
	// Written down as ours before it is sent, so that a crash or a lost answer
	// cannot leave a preferred presence that looks like the user's own.
	next, before := Sent{Pair: p, Expires: ends}, r.saved
	r.saved.Former = former(r.saved.Former, r.saved.Preferred, next)
	r.saved.Preferred = next
	r.keep()
	service := r.service
	set := func(ctx context.Context) error { return service.SetPreferred(ctx, p, ends.Sub(now)) }
	return job{kindPreferred, "set preferred presence", set, func(err error, _ time.Time) {
		switch {
		case err == nil:
			r.saved.Preferred.At, r.theirs, r.readDue, r.readBack = now, Pair{}, true, false
			r.saved.Former = nil
			r.keep()
		case errors.Is(err, ErrRefused): // so it cannot be there
			r.saved.Preferred, r.saved.Former = before.Preferred, before.Former
			r.keep()
		}
	}}
}

// dropExpired forgets the preferred presences that Graph has dropped by now.
// Graph counts from when a request arrived, which may be later than when it
// left: within that time they are cleared explicitly.
func (r *reconciler) dropExpired(now time.Time) {
	gone := func(s Sent) bool { return !now.Before(s.Expires.Add(callTimeout)) }
	changed := false
	if !r.saved.Preferred.Zero() && gone(r.saved.Preferred) {
		r.saved.Preferred, changed = Sent{}, true
	}
	if slices.ContainsFunc(r.saved.Former, gone) {
		r.saved.Former, changed = slices.DeleteFunc(slices.Clone(r.saved.Former), gone), true
	}
	if changed {
		r.keep()
	}
}

// former adds to the preferred presences that may be at Graph the one that next
// is about to replace; of each pair it keeps the one that lasts longest.
func former(all []Sent, own, next Sent) []Sent {
	if own.Zero() || (own.Pair == next.Pair && !own.Expires.After(next.Expires)) {
		return all
	}
	i := slices.IndexFunc(all, func(s Sent) bool { return s.Pair == own.Pair })
	switch {
	case i < 0:
		return append(slices.Clone(all), own)
	case own.Expires.After(all[i].Expires):
		all = slices.Clone(all)
		all[i] = own
	}
	return all
}

// ours reports whether a shown availability may be a preferred presence that
// heliograph set.
func (s Saved) ours(shown Pair) bool {
	same := func(own Sent) bool { return !own.Zero() && strings.EqualFold(shown.Availability, own.Availability) }
	return same(s.Preferred) || slices.ContainsFunc(s.Former, same)
}

// clearOurs clears a preferred presence of ours, unless the user has picked
// another in Teams meanwhile: that one is theirs to keep.
func (r *reconciler) clearOurs() func(context.Context) error {
	service, session, saved := r.service, r.sent.holds(r.opts.Now()), r.saved
	return func(ctx context.Context) error {
		shown, err := service.Shown(ctx)
		if err != nil {
			return err
		}
		// Without any session Graph shows Offline whatever is preferred.
		if !saved.ours(shown.Pair) && (session || !strings.EqualFold(shown.Availability, Offline.Availability)) {
			return nil
		}
		return service.ClearPreferred(ctx)
	}
}
