package presence

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// planSession holds the presence session: set when it differs or ages, cleared
// when none is wanted.
func (m *machine) planSession(now time.Time) (job, bool) {
	p := m.want.Session
	if p.Zero() {
		if !m.sent.holds(now) && !m.unknown {
			return job{}, false
		}
		return job{kindSession, "clear presence", m.service.ClearPresence, func(err error, _ time.Time) {
			if err != nil {
				m.unknown = true // the answer may have been lost, not the request
				return
			}
			m.sent, m.unknown, m.readDue = Sent{}, false, true
		}}, true
	}
	if m.sent.holds(now) && !m.unknown && m.sent.Pair == p && now.Before(m.renewAt) {
		return job{}, false
	}
	t, service := m.opts.Timing(p), m.service
	set := func(ctx context.Context) error { return service.SetPresence(ctx, p, t.Expire) }
	return job{kindSession, "set presence", set, func(err error, _ time.Time) {
		if err != nil {
			m.unknown = true // the answer may have been lost, not the request
			return
		}
		// The lifetime counts from before the request, to be on the safe side.
		m.sent, m.unknown, m.readDue = Sent{p, now, now.Add(t.Expire)}, false, true
		m.renewAt = now.Add(t.Renew - time.Duration(m.opts.Jitter()*float64(t.Renew/10)))
	}}, true
}

// planPreferred holds the preferred presence of a choice, clears it only if it
// still is ours, and clears the user's own only when asked.
func (m *machine) planPreferred(now time.Time) (job, bool) {
	m.dropExpired(now)
	own, p, until := m.saved.Preferred, m.want.Preferred, m.want.PreferredUntil
	switch {
	case m.free:
		return job{kindPreferred, "clear the preferred presence chosen in Teams", m.service.ClearPreferred, func(err error, _ time.Time) {
			if err == nil {
				m.free, m.theirs, m.readDue = false, Pair{}, true
			}
		}}, true
	case p.Zero() && own.Zero() && len(m.saved.Former) == 0:
		return job{}, false
	case p.Zero():
		return job{kindPreferred, "clear preferred presence", m.clearOwn(), func(err error, _ time.Time) {
			if err == nil {
				m.saved.Preferred, m.saved.Former, m.readDue = Sent{}, nil, true
				m.keep()
			}
		}}, true
	case own.Pair == p && own.At.IsZero(): // not confirmed
	case own.Pair == p && until.IsZero() && own.Expires.Sub(own.At) > preferredRenew && now.Before(own.At.Add(preferredRenew)):
		return job{}, false
	case own.Pair == p && !until.IsZero() && own.Expires.Equal(until):
		return job{}, false
	}
	ends := until
	if ends.IsZero() {
		ends = now.Add(preferredExpire)
	}
	// Owned before it is sent, so that a crash or a lost answer cannot leave a
	// preferred presence that looks like the user's own.
	next, before := Sent{Pair: p, Expires: ends}, m.saved
	m.saved.Former = former(m.saved.Former, own, next)
	m.saved.Preferred = next
	m.keep()
	service := m.service
	set := func(ctx context.Context) error { return service.SetPreferred(ctx, p, ends.Sub(now)) }
	return job{kindPreferred, "set preferred presence", set, func(err error, _ time.Time) {
		switch {
		case err == nil:
			m.saved.Preferred.At, m.theirs, m.readDue, m.seen = now, Pair{}, true, false
			m.saved.Former = nil
			m.keep()
		case errors.Is(err, ErrRefused): // so it cannot be there
			m.saved.Preferred, m.saved.Former = before.Preferred, before.Former
			m.keep()
		}
	}}, true
}

// dropExpired forgets the preferred presences that Graph has dropped by now.
// Graph counts from when a request arrived, which may be later than when it
// left: within that time they are cleared explicitly.
func (m *machine) dropExpired(now time.Time) {
	gone := func(s Sent) bool { return !now.Before(s.Expires.Add(callTimeout)) }
	changed := false
	if !m.saved.Preferred.Zero() && gone(m.saved.Preferred) {
		m.saved.Preferred, changed = Sent{}, true
	}
	if slices.ContainsFunc(m.saved.Former, gone) {
		m.saved.Former, changed = slices.DeleteFunc(slices.Clone(m.saved.Former), gone), true
	}
	if changed {
		m.keep()
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
	alike := func(own Sent) bool { return !own.Zero() && strings.EqualFold(shown.Availability, own.Availability) }
	return alike(s.Preferred) || slices.ContainsFunc(s.Former, alike)
}

// clearOwn clears a preferred presence of ours, unless the user has picked
// another in Teams meanwhile: that one is theirs to keep.
func (m *machine) clearOwn() func(context.Context) error {
	service, session, saved := m.service, m.sent.holds(wall()), m.saved
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

// planMessage holds the status message of a call or a choice and gives back
// what was there.
func (m *machine) planMessage(now time.Time) (job, bool) {
	own, text := m.saved.Message, m.want.Message
	switch {
	case text == "" && own == "":
		return job{}, false
	case text == "":
		return job{kindMessage, "restore the status message", m.restoreMessage(now), func(err error, _ time.Time) {
			if err != nil {
				return
			}
			m.saved.Message, m.saved.Earlier, m.saved.MessageUntil = "", nil, time.Time{}
			m.saved.Before, m.saved.BeforeUntil = "", time.Time{}
			m.readDue = true
			m.keep()
		}}, true
	case own == text && now.Before(m.saved.MessageUntil.Add(messageRenew-messageExpire)):
		return job{}, false
	}
	service, until := m.service, now.Add(messageExpire)
	before, beforeUntil := m.saved.Before, m.saved.BeforeUntil
	tried := false
	set := func(ctx context.Context) error {
		if own == "" {
			shown, err := service.Shown(ctx)
			if err != nil {
				return err
			}
			before, beforeUntil = shown.Message, shown.MessageUntil
		}
		tried = true
		return service.SetStatusMessage(ctx, text, until)
	}
	return job{kindMessage, "set the status message", set, func(err error, _ time.Time) {
		if !tried {
			return
		}
		// Ours from the first try on, confirmed or not: else a lost answer
		// would make it look like the user's own.
		if own != "" && own != text && !slices.Contains(m.saved.Earlier, own) {
			m.saved.Earlier = append(slices.Clone(m.saved.Earlier), own)
		}
		m.saved.Message, m.saved.MessageUntil = text, until
		if err != nil {
			m.saved.MessageUntil = time.Time{}
		} else {
			m.saved.Earlier = nil
		}
		m.saved.Before, m.saved.BeforeUntil = before, beforeUntil
		m.readDue = true
		m.keep()
	}}, true
}

// restoreMessage puts back what stood before ours, unless the user has written
// another since.
func (m *machine) restoreMessage(now time.Time) func(context.Context) error {
	service, s := m.service, m.saved
	return func(ctx context.Context) error {
		shown, err := service.Shown(ctx)
		if err != nil {
			return err
		}
		alike := func(own string) bool { return strings.TrimSpace(shown.Message) == strings.TrimSpace(own) }
		if shown.Message != "" && !alike(s.Message) && !slices.ContainsFunc(s.Earlier, alike) {
			return nil
		}
		text := s.Before
		if !s.BeforeUntil.IsZero() && !now.Before(s.BeforeUntil) {
			text = ""
		}
		if text == shown.Message {
			return nil
		}
		return service.SetStatusMessage(ctx, text, s.BeforeUntil)
	}
}

// planShown reads what colleagues see after each write, and so with each
// renewal: the only way to learn of the user's own choice in Teams.
func (m *machine) planShown(now time.Time) (job, bool) {
	if !m.readDue {
		return job{}, false
	}
	var got Shown
	service := m.service
	read := func(ctx context.Context) (err error) {
		got, err = service.Shown(ctx)
		return err
	}
	return job{kindShown, "read presence", read, func(err error, _ time.Time) {
		if err != nil {
			return
		}
		m.readDue, m.shown, m.shownAt = false, got, now
		m.respect(now)
	}}, true
}

// respect steps back from a preferred presence that the user picked in Teams.
func (m *machine) respect(now time.Time) {
	var session Pair
	if m.sent.holds(now) {
		session = m.sent.Pair
	}
	own, shown := m.saved.Preferred, m.shown.Pair
	switch {
	case m.saved.ours(shown):
		m.seen = m.seen || strings.EqualFold(shown.Availability, own.Availability)
		m.clean = true
		m.setTheirs(Pair{})
		return
	case session.Zero():
		m.setTheirs(chosenInTeams(shown, session))
		return
	case own.Zero(), own.At.IsZero():
		// Ours was not accepted yet, so that it is not shown says nothing. A
		// choice in Teams that was not there before is newer than ours.
		picked := chosenInTeams(shown, session)
		if picked.Zero() {
			m.clean = true
		} else if m.clean && !m.want.Preferred.Zero() {
			m.endChoice(shown)
		}
		m.setTheirs(picked)
		return
	case !m.seen && now.Before(own.At.Add(settleTime)):
		m.setTheirs(Pair{})
		return
	}
	m.endChoice(shown)
	m.setTheirs(chosenInTeams(shown, session))
}

// endChoice ends a choice because the user has made a newer one in Teams.
func (m *machine) endChoice(shown Pair) {
	m.opts.Log.Info("the user chose otherwise in Teams: back to automatic", "shown", shown)
	m.saved.Preferred, m.saved.Former, m.saved.Choice = Sent{}, nil, Choice{Status: Automatic}
	m.keep()
}

func (m *machine) setTheirs(p Pair) {
	if p != m.theirs {
		m.opts.Log.Info("preferred presence chosen in Teams", "pair", p)
	}
	m.theirs = p
}

func (m *machine) keep() {
	if m.opts.Keep != nil {
		m.opts.Keep(m.saved)
	}
}

// giveBack leaves Graph as if heliograph had never been there: at quit and at
// sign-out. The choice itself is kept for the next start. It returns what could
// not be given back.
func (m *machine) giveBack(ctx context.Context) []Left {
	lost := m.unknown
	if m.service == nil || m.signIn != nil {
		return m.left(lost, wall())
	}
	ctx, cancel := context.WithTimeout(ctx, ReleaseTimeout)
	defer cancel()
	wanted := m.want
	m.want = Want{Reason: wanted.Reason}
	m.readDue = false
	m.free = false
	// The preferred presence is compared with what is shown, which needs the
	// living session: it goes first, the session last.
	for _, plan := range []func(time.Time) (job, bool){m.planMessage, m.planPreferred, m.planSession} {
		now := wall()
		j, ok := plan(now)
		if !ok {
			continue
		}
		err := j.run(ctx)
		j.done(err, now)
		if err != nil {
			m.opts.Log.Warn("could not be given back; it expires by itself", "what", j.name, "error", err)
		}
	}
	m.want = wanted
	return m.left(lost, wall())
}
