package presence

import "time"

// Hours are working hours: outside them Automatic leaves Teams alone. The zero
// Hours is "always".
type Hours struct {
	// Days tells the working days, indexed by time.Weekday.
	Days [7]bool
	// From and To are minutes since midnight of the local day, 0 to 1440. A
	// From after To spans midnight and belongs to the day it begins on.
	From, To int
}

// Zero reports whether no hours are set.
func (h Hours) Zero() bool { return h == Hours{} }

// Contain reports whether now lies in the hours, and the next instant at which
// that changes (zero: never).
func (h Hours) Contain(now time.Time) (in bool, next time.Time) {
	if h.Zero() {
		return true, time.Time{}
	}
	// Spans of yesterday to eight days on: enough to meet the next edge of any
	// week, and yesterday's may reach past midnight.
	for d := -1; d <= 8; d++ {
		from, to, ok := h.span(now, d)
		switch {
		case !ok || !now.Before(to):
			continue
		case now.Before(from):
			return false, from
		}
		return true, h.end(now, d, to)
	}
	return false, time.Time{}
}

// span is the working span that begins on now's day plus d.
func (h Hours) span(now time.Time, d int) (from, to time.Time, ok bool) {
	y, m, day := now.Date()
	at := func(day, minute int) time.Time {
		return time.Date(y, m, day, minute/60, minute%60, 0, 0, now.Location())
	}
	from = at(day+d, h.From)
	if !h.Days[from.Weekday()] {
		return from, to, false
	}
	if h.To <= h.From {
		return from, at(day+d+1, h.To), true
	}
	return from, at(day+d, h.To), true
}

// end follows spans that touch, so that hours around the clock have no edge
// at midnight. A week without a gap has no end.
func (h Hours) end(now time.Time, d int, to time.Time) time.Time {
	for n := 1; n <= 7; n++ {
		from, next, ok := h.span(now, d+n)
		if !ok || from.After(to) {
			return to
		}
		to = next
	}
	return time.Time{}
}
