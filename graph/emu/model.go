package emu

import (
	"slices"
	"strings"
	"time"
)

// pair is an availability with an activity.
type pair struct{ availability, activity string }

var offline = pair{"Offline", "Offline"}

// session is the presence that one client has set: a Teams client or an
// application.
type session struct {
	id      string // application id, or "" for a Teams client
	name    string
	pair    pair
	set     time.Time
	expires time.Time // zero: it lives until it is ended
	fades   bool
}

// preferred is a preferred presence and its end.
type preferred struct {
	pair    pair
	set     time.Time
	expires time.Time
}

// Available without a renewal goes inactive after fade, and away after two;
// in the 2021 beta it goes offline after three.
//
// Source: https://learn.microsoft.com/graph/cloud-communications-manage-presence-state
const fade = 5 * time.Minute

// at returns what the session counts as at now; ok is false once it has ended.
func (x *session) at(now time.Time, sw Switches, p Profile) (current pair, ok bool) {
	age := now.Sub(x.set)
	if !x.expires.IsZero() && !now.Before(x.expires) {
		tie := sw.FadeBeforeExpiry && x.fades && x.pair.availability == "Available" && now.Before(x.set.Add(2*fade)) && x.expires.Equal(x.set.Add(fade))
		if !tie {
			return pair{}, false
		}
	}
	if !x.fades || x.pair.availability != "Available" || age < fade {
		return x.pair, true
	}
	switch {
	case age < 2*fade:
		return pair{"Available", "AvailableInactive"}, true
	case p == Beta2021 && age >= 3*fade:
		return pair{}, false
	}
	return pair{"Away", "Away"}, true
}

// rank orders sessions: DoNotDisturb > Busy > Available > Away.
//
// Source: https://learn.microsoft.com/graph/cloud-communications-manage-presence-state
func (p pair) rank() int {
	switch strings.ToLower(p.availability) {
	case "donotdisturb":
		return 50
	case "busy":
		return 40
	case "available":
		if p.activity == "AvailableInactive" {
			return 29
		}
		return 30
	case "away", "berightback":
		return 20
	}
	return 0
}

// shown returns what colleagues see: the session of the highest rank, among
// equals the latest, or the preferred presence while any session lives.
func (s *Server) shown(u *user, now time.Time) pair {
	best, alive := offline, false
	for _, x := range u.sessions {
		current, ok := x.at(now, s.opts.Switches, s.opts.Profile)
		if !ok {
			continue
		}
		if !alive || current.rank() >= best.rank() {
			best = current
		}
		alive = true
	}
	if alive && u.preferred != nil && now.Before(u.preferred.expires) {
		best = u.preferred.pair
	}
	if best != u.lastShown {
		u.lastShown = best
		s.sequence++
		u.sequence = sequenceNumber(s.sequence)
	}
	return best
}

// put adds or replaces a session. The latest is the last.
func (u *user) put(x *session) {
	u.sessions = slices.DeleteFunc(u.sessions, func(old *session) bool { return old.id == x.id && old.name == x.name })
	u.sessions = append(u.sessions, x)
}

// drop ends the sessions that match, and reports whether one was alive.
func (s *Server) drop(u *user, match func(*session) bool, now time.Time) bool {
	alive := false
	kept := u.sessions[:0]
	for _, x := range u.sessions {
		_, lives := x.at(now, s.opts.Switches, s.opts.Profile)
		switch {
		case match(x):
			alive = alive || lives
		case lives:
			kept = append(kept, x)
		}
	}
	clear(u.sessions[len(kept):])
	u.sessions = kept
	return alive
}

// next returns the first instant after now at which time alone changes
// something; zero: never.
func (s *Server) next(now time.Time) time.Time {
	var at time.Time
	add := func(t time.Time) {
		if t.After(now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, u := range s.users {
		for _, x := range u.sessions {
			add(x.expires)
			if x.fades && x.pair.availability == "Available" {
				add(x.set.Add(fade))
				add(x.set.Add(2 * fade))
				add(x.set.Add(3 * fade))
			}
		}
		if u.preferred != nil {
			add(u.preferred.expires)
		}
		if u.status != nil {
			add(u.status.expires)
		}
	}
	return at
}
