package detect

import "time"

// inputClock turns Windows' notion of the last input, a count of milliseconds
// since the start in 32 bits, into an instant. The count wraps every 49.7 days.
//
// Source: https://learn.microsoft.com/windows/win32/api/winuser/ns-winuser-lastinputinfo
type inputClock struct {
	tick uint32 // the last reading
	at   uint64 // the same in 64 bits
	read bool
}

// aheadMost is how far a reading may lie ahead of the clock: an input between
// the two readings, never more.
const aheadMost = uint32(time.Minute / time.Millisecond)

// last is the instant of the last input, for a reading tick of it, when the
// machine has run for up milliseconds and it is now. An unchanged reading is
// the same input, however often the count has wrapped since.
func (c *inputClock) last(tick uint32, up uint64, now time.Time) time.Time {
	if !c.read || tick != c.tick {
		ago := uint32(up) - tick // right across a wrap
		if ago > 1<<32-1-aheadMost {
			ago = 0
		}
		c.tick, c.read = tick, true
		c.at = up - min(up, uint64(ago))
	}
	return now.Add(-time.Duration(up-min(up, c.at)) * time.Millisecond)
}
