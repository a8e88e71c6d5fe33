package emu

import "time"

// moment is when what colleagues see became shown.
type moment struct {
	at    time.Time
	shown pair
}

// keptMoments bounds the history of one person: weeks of an ordinary desk.
const keptMoments = 2000

// settle records what time alone has changed up to now, each change at its own
// instant. Whoever changes or reads a presence settles first, so that nothing
// has to wake up for it. The lock is held.
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

// record notes what each person shows at an instant, where it is new.
func (s *Server) record(at time.Time) {
	for _, u := range s.users {
		p := s.shown(u, at)
		if n := len(u.history); n > 0 {
			if u.history[n-1].shown == p {
				continue
			}
			at = later(at, u.history[n-1].at) // the system's clock was set back
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
