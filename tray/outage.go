package tray

import "time"

// Outage decides when to notify the person of a failure that lasts: once in each
// outage, however often the error changes its words meanwhile, and once when
// the outage ends, if they were notified of it. An outage lasts from the first
// failure until a success.
//
// The zero value is ready; it is not safe for use by several goroutines.
type Outage struct {
	// Delay is how long a failure must last before the person is notified.
	Delay time.Duration

	notified bool
}

// Failing reports whether to notify the person now that something has failed
// since the given instant. If it is too early, again is how long to wait before
// Failing is to be called again; zero: there is nothing to wait for.
func (o *Outage) Failing(since, now time.Time) (notify bool, again time.Duration) {
	if o.notified {
		return false, 0
	}
	if left := o.Delay - now.Sub(since); left > 0 {
		return false, left
	}
	o.notified = true
	return true, 0
}

// Over ends the outage and reports whether to notify the person.
func (o *Outage) Over() (notify bool) {
	notify, o.notified = o.notified, false
	return notify
}
