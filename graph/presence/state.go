package presence

import (
	"time"

	"heliograph/detect"
)

// State is a copy of all the loop knows, for showing.
type State struct {
	Choice   Choice
	Activity detect.Activity
	Want     Want
	// Since is when Want's pair and rule began to hold.
	Since time.Time
	// Sent is the presence session that Graph was last told; zero: none.
	Sent Sent
	// Shown is what Graph last said colleagues see, read at ShownAt.
	Shown   Shown
	ShownAt time.Time
	// Theirs is a preferred presence that the user picked in Teams, which
	// stands above ours; zero: none seen.
	Theirs Pair
	// Err is the trouble with Graph that still lasts, since ErrSince; nil:
	// none. Retry is when the loop tries again by itself.
	Err      error
	ErrSince time.Time
	Retry    time.Time
	// SignedIn reports that there is a service to talk to.
	SignedIn bool
	// Observed reports that Activity is known; before, Want means nothing.
	Observed bool
}

// Sent is a write that Graph accepted.
type Sent struct {
	Pair
	// At is when it was accepted; Expires when Graph drops it by itself.
	At, Expires time.Time
}

// holds reports whether the write still stands at now.
func (s Sent) holds(now time.Time) bool { return !s.Zero() && now.Before(s.Expires) }

// Saved is what must outlive the process: the user's word, and what heliograph
// owns on Microsoft's side and must give back.
type Saved struct {
	Choice Choice `json:"choice"`
	// Preferred is the preferred presence that heliograph set and has not
	// cleared; At is zero until Graph has confirmed it. Former are those before
	// it that may still be there because nobody confirmed a later write.
	Preferred Sent   `json:"preferred"`
	Former    []Sent `json:"former,omitempty"`
	// Message is the status message that heliograph set; Earlier are those it
	// replaces, as long as nobody confirmed that they are gone; Before is what
	// was there, until BeforeUntil (zero: without end).
	Message      string    `json:"message,omitempty"`
	Earlier      []string  `json:"earlier,omitempty"`
	MessageUntil time.Time `json:"messageUntil,omitzero"`
	Before       string    `json:"before,omitempty"`
	BeforeUntil  time.Time `json:"beforeUntil,omitzero"`
}

// Timing says how long writes last and when they are renewed. Renewals are
// drawn up to a tenth early, so that a tenant's clients do not post in step
// (Graph allows 1,500 presence requests in 30 s for an app and tenant).
type Timing struct {
	// Expire is sent with the session; after Renew it is posted again.
	Expire, Renew time.Duration
}

// DefaultTiming is as short as each pair allows, so that a crash heals in minutes.
// Available fades after five minutes and must be renewed before; it outlives
// that fade so that one lost post does not show as Offline. Away wakes nobody,
// so it may last.
func DefaultTiming(p Pair) Timing {
	switch p.Availability {
	case "Available":
		return Timing{Expire: 10 * time.Minute, Renew: 4 * time.Minute}
	case "Away":
		return Timing{Expire: time.Hour, Renew: 50 * time.Minute}
	}
	return Timing{Expire: 15 * time.Minute, Renew: 11 * time.Minute}
}

// A preferred presence without an end of its own is held for half a day and
// renewed at half of that: a lid shut overnight keeps it, a machine that never
// comes back does not keep it for Graph's seven days.
const (
	preferredExpire = 12 * time.Hour
	preferredRenew  = 6 * time.Hour
)

// A status message of ours ends by itself an hour after the last renewal.
const (
	messageExpire = time.Hour
	messageRenew  = 45 * time.Minute
)
