package call

import "time"

// advance moves every track and returns the next instant at which one moves
// although the evidence stays. known is Evidence.Known; proven are new tracks
// for the programs whose recordings are evidence now.
func (r *Rule) advance(known bool, now time.Time, proven map[string]*track, by signs) (next time.Time) {
	for program, t := range proven {
		if r.tracks[program] == nil {
			r.tracks[program] = t
		}
	}
	for program, t := range r.tracks {
		t.notePlaybacks(known, proven[program] != nil, by)
		held := proven[program] != nil || (t.call || by.webrtc[program]) && t.muted(by)
		if t.held && !held {
			t.lost = now // not when it was last seen: nobody looks during a quiet call
		}
		if t.blind && known && !held {
			t.lost = now // programs connect to a new sound server after a while
		}
		t.held, t.blind = held, !known
		last := t.lost.Add(r.patience(t, known))
		switch {
		case held:
			if from := t.since.Add(r.wait(t.id.class)); now.Before(from) {
				next = sooner(next, from)
			} else {
				t.call = true
			}
		case now.Before(last):
			next = sooner(next, last)
		default:
			delete(r.tracks, program)
		}
	}
	return next
}

// notePlaybacks remembers what is played beside a recording.
func (t *track) notePlaybacks(known, recording bool, by signs) {
	switch {
	case !known:
		t.playbacks = nil
	case recording:
		t.playbacks = map[uint32]bool{}
		for _, i := range by.playing[t.id.program] {
			t.playbacks[i] = true
		}
	}
}

// patience returns how long a track outlives its last evidence.
func (r *Rule) patience(t *track, known bool) time.Duration {
	if t.call || !known {
		return r.grace // a restart of the sound server does not end a call, begun or not
	}
	return min(gapTime, r.debounce)
}

// muted reports whether the call goes on without a recording: some programs
// stop recording while they are muted, but still play what they played before.
// A browser may play anything, so for browsers, and for every program whose
// connection can be seen, only the connection counts.
func (t *track) muted(by signs) bool {
	program := t.id.program
	if t.id.class == Browser || (t.id.app.Duplex && (by.silent[program] || by.webrtc[program])) {
		return by.webrtc[program]
	}
	for _, i := range by.playing[program] {
		if t.playbacks == nil || t.playbacks[i] {
			return true
		}
	}
	return false
}

// wait returns how long the evidence must last.
func (r *Rule) wait(c Class) time.Duration {
	if c == Messenger && r.debounce > 0 {
		return max(r.debounce, messengerTime)
	}
	return r.debounce
}
