package tray

import "time"

// Outage decides when the person is told of a failure that lasts: once in each
// outage, however often the error changes its words meanwhile, and once when
// the outage ends, if they were told of it. An outage lasts from the first
// failure until a success.
//
// The zero value is ready; it is not safe for use by several goroutines.
type Outage struct {
	// Delay is how long a failure may last before it is told.
	Delay time.Duration

	told bool
}

// Failing reports whether to tell the person now that something has failed
// since the given instant. If it is too early, again is how long to wait before
// Failing is to be called again; zero: there is nothing to wait for.
func (o *Outage) Failing(since, now time.Time) (tell bool, again time.Duration) {
	if o.told {
		return false, 0
	}
	if left := o.Delay - now.Sub(since); left > 0 {
		return false, left
	}
	o.told = true
	return true, 0
}

// Over ends the outage and reports whether to tell the person so.
func (o *Outage) Over() (tell bool) {
	tell, o.told = o.told, false
	return tell
}
