// Package lastinput reports when a person last used the keyboard, the pointer
// or the touch screen of this Windows session, and notifies of the beginning
// and the end of a rest. It learns that there was input, never which.
package lastinput

import "time"

// tickClock turns the tick of the last input, a count of milliseconds since the
// computer started in 32 bits, into an instant. The count wraps every 49.7
// days. The zero value is ready to use.
//
// Source: "LASTINPUTINFO structure",
// https://learn.microsoft.com/windows/win32/api/winuser/ns-winuser-lastinputinfo
type tickClock struct {
	tick uint32 // the last reading
	at   uint64 // the same in 64 bits
	set  bool
}

// maxAhead is how far, in milliseconds, a tick may be ahead of the clock that
// is read after it: Windows takes the two from different counters.
const maxAhead = uint32(time.Minute / time.Millisecond)

// instant returns the instant of a tick. up is how long the computer has run,
// in milliseconds. While the tick stays the same, so does the input, however
// often the count wraps.
func (c *tickClock) instant(tick uint32, up uint64, now time.Time) time.Time {
	if !c.set || tick != c.tick {
		ago := uint32(up) - tick // correct across a wrap
		if ago > 1<<32-1-maxAhead {
			ago = 0
		}
		c.tick, c.set = tick, true
		c.at = up - min(up, uint64(ago))
	}
	return now.Add(-time.Duration(up-min(up, c.at)) * time.Millisecond)
}
