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

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
