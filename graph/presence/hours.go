package presence

import "time"

// Hours are working hours. They also say when a day begins and ends for a
// choice that lasts "until tomorrow"; see [Hours.Tomorrow] and [Hours.DayEnd].
//
// All times are wall-clock times in the zone of the instant that a method gets:
// work begins at 08:00 on a day when the clocks change, too, and begins at
// 08:00 in New York for somebody who has travelled there. On a day when the
// clock skips a time, that time is the instant of the change; of a time that
// the clock shows twice, it is the first.
type Hours struct {
	// Days are the days on which a working span begins, indexed by
	// time.Weekday. None set: there are no working hours, and every instant
	// counts as working time.
	Days [7]bool
	// From and To are minutes since midnight, 0 to 1440. A span whose To is not
	// after From ends on the next day: 22:00 to 06:00 on Monday is the night
	// shift that ends on Tuesday at 06:00, whether or not Tuesday is in Days.
	From, To int
}

// The day where no working hours are set: an office's.
const (
	defaultFrom = 8 * 60
	defaultTo   = 18 * 60
)

// Zero reports whether no working hours are set.
func (h Hours) Zero() bool { return h.Days == [7]bool{} }

// Contain reports whether now is working time, and the next instant at which
// that changes (zero: never).
func (h Hours) Contain(now time.Time) (in bool, next time.Time) {
	if h.Zero() {
		return true, time.Time{}
	}
	// The next change of any week begins or ends a span of these days;
	// yesterday's may reach past midnight.
	for day := -1; day <= 8; day++ {
		from, to, ok := h.span(now, day)
		switch {
		case !ok, !now.Before(to), !from.Before(to): // the clock may skip a whole span
			continue
		case now.Before(from):
			return false, from
		}
		return true, h.end(now, day, to)
	}
	return false, time.Time{}
}

// Tomorrow returns the start of work on the day after now's, which need not be
// a working day: on a Friday, "until tomorrow" ends on Saturday. It is 08:00 if
// no start is set.
func (h Hours) Tomorrow(now time.Time) time.Time {
	return TimeOfDay(now, 1, h.orDefault().From)
}

// DayStart returns the minute of the day at which work begins: 08:00 if no
// start is set.
func (h Hours) DayStart() int { return h.orDefault().From }

// DayEnd returns the end of the work of today: of a night shift that began
// yesterday and is still going on, else of the span that begins on now's day,
// which need not be a working day. It is 18:00 if no end is set. The result is
// false if that end has passed.
func (h Hours) DayEnd(now time.Time) (time.Time, bool) {
	h = h.orDefault()
	for day := -1; day <= 0; day++ {
		if _, to := h.bounds(now, day); now.Before(to) {
			return to, true
		}
	}
	return time.Time{}, false
}

func (h Hours) orDefault() Hours {
	if h.Zero() && h.From == h.To {
		h.From, h.To = defaultFrom, defaultTo
	}
	return h
}

// span returns the working span that begins on now's day plus days, if one
// does.
func (h Hours) span(now time.Time, days int) (from, to time.Time, ok bool) {
	from, to = h.bounds(now, days)
	y, m, d := now.Date()
	return from, to, h.Days[time.Date(y, m, d+days, 12, 0, 0, 0, time.UTC).Weekday()]
}

// bounds returns From and To for the day of now plus days.
func (h Hours) bounds(now time.Time, days int) (from, to time.Time) {
	from = TimeOfDay(now, days, h.From)
	if h.To <= h.From {
		days++
	}
	return from, TimeOfDay(now, days, h.To)
}

// end follows spans that touch, so that hours around the clock have no edge
// at midnight. A week without a gap has no end.
func (h Hours) end(now time.Time, day int, to time.Time) time.Time {
	for n := 1; n <= 7; n++ {
		from, next, ok := h.span(now, day+n)
		if !ok || from.After(to) {
			return to
		}
		to = next
	}
	return time.Time{}
}

// TimeOfDay returns the instant at which the clock shows the given minute since
// midnight, in now's zone, on now's day plus days. A time that the clock skips
// that day is the instant of the change; of a time that it shows twice, it is
// the first.
func TimeOfDay(now time.Time, days, minute int) time.Time {
	y, m, d := now.Date()
	t := time.Date(y, m, d+days, 0, minute, 0, 0, now.Location())
	wall := time.Date(y, m, d+days, 0, minute, 0, 0, time.UTC)
	change, next := t.ZoneBounds()
	_, offset := t.Zone()
	// time.Date answers either time of a repeated hour, and moves a skipped
	// time forward or back, as the zone has it.
	shown := t.Unix() + int64(offset)
	switch {
	case shown > wall.Unix():
		return change
	case shown < wall.Unix():
		return next
	case change.IsZero():
		return t
	}
	_, before := change.Add(-time.Second).Zone()
	if first := t.Add(time.Duration(offset-before) * time.Second); first.Before(change) && first.Before(t) {
		return first
	}
	return t
}
