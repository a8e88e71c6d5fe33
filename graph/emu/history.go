package emu

import "time"

// moment is the instant from which colleagues saw something else.
type moment struct {
	at    time.Time
	shown pair
}

// keptMoments bounds the history of one person: it holds weeks of ordinary use.
const keptMoments = 2000

// settle records what time alone has changed up to now, each change at its own
// instant. What changes or reads a presence settles first, so that no timer is
// needed. The lock is held.
func (s *Server) settle() time.Time {
	now := s.now()
	for at := s.settled; ; {
		if at = s.next(at); at.IsZero() || at.After(now) {
			break
		}
		s.record(at)
	}
	s.record(now)
	s.settled = now
	return now
}

// record adds what each person shows at an instant to their history, if it is
// new.
func (s *Server) record(at time.Time) {
	for _, u := range s.users {
		p := s.shown(u, at)
		u.remember(version{at, p, u.sequence, u.status, u.location})
		if n := len(u.history); n > 0 {
			if u.history[n-1].shown == p {
				continue
			}
			at = later(at, u.history[n-1].at) // the clock of the computer was set back
		}
		if len(u.history) >= keptMoments {
			u.history = append(u.history[:0], u.history[keptMoments/4:]...)
		}
		u.history = append(u.history, moment{at, p})
	}
}

// version is what a GET answers from an instant on.
type version struct {
	at       time.Time
	shown    pair
	sequence string
	status   *statusMessage
	location *workLocation
}

// remember adds v to what a GET may answer later, if it is new.
func (u *user) remember(v version) {
	if n := len(u.versions); n > 0 {
		last := u.versions[n-1]
		v.at = later(v.at, last.at)
		last.at = v.at
		if last == v {
			return
		}
	}
	if len(u.versions) >= keptMoments {
		u.versions = append(u.versions[:0], u.versions[keptMoments/4:]...)
	}
	u.versions = append(u.versions, v)
}

// SetReadLag changes how far behind the truth every GET is from now on; see
// Switches.ReadLag.
func (s *Server) SetReadLag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readLag = max(0, d)
}

// readAt returns what a GET answers of a person at now: what was true before
// the lag of reads.
func (s *Server) readAt(u *user, now time.Time) version {
	if s.readLag > 0 {
		then := now.Add(-s.readLag)
		for i := len(u.versions) - 1; i >= 0; i-- {
			if v := u.versions[i]; i == 0 || !v.at.After(then) {
				v.at = then
				return v
			}
		}
	}
	p := s.shown(u, now)
	return version{now, p, u.sequence, u.status, u.location}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
