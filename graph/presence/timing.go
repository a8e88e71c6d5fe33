package presence

import "time"

// Timing says how long a session lasts and when it is renewed. Renewals are
// drawn up to a 32nd part early, so that a tenant's clients do not post in step
// (Graph allows 1,500 presence requests in 30 s for an app and tenant).
type Timing struct {
	// Expire is sent with the session; after Renew it is posted again.
	Expire, Renew time.Duration
}

// DefaultTiming returns lifetimes as short as each pair allows, so that after a
// crash a wrong presence disappears within minutes. Available fades after five
// minutes and must be renewed before; it outlives that fade so that one lost
// post does not show as Offline. Away does not fade, and an hour of Away after
// a crash misleads few.
func DefaultTiming(p Pair) Timing {
	switch p.Availability {
	case "Available":
		return Timing{Expire: 10 * time.Minute, Renew: 4 * time.Minute}
	case "Away":
		return Timing{Expire: time.Hour, Renew: 50 * time.Minute}
	}
	return Timing{Expire: 15 * time.Minute, Renew: 11 * time.Minute}
}

// renewSpread is the part of Renew within which a renewal is drawn.
const renewSpread = 32

// A preferred presence without an end of its own is held for half a day and
// renewed at half of that: it survives a night with the lid shut, and a
// computer that never comes back does not leave it for Graph's seven days.
const (
	preferredExpire = 12 * time.Hour
	preferredRenew  = 6 * time.Hour
)

// A status message of ours ends an hour after its last renewal.
const (
	messageExpire = time.Hour
	messageRenew  = 45 * time.Minute
)

// settleTime is how long an answer of GET may be older than a write, and a
// request that got no answer may still arrive: Graph is eventually consistent.
const settleTime = time.Minute

// callTimeout bounds one exchange with Graph, token refresh included.
const callTimeout = 30 * time.Second

// inFlightGrace is how long quit and sign-out wait for the answer to a request in
// flight before they give it up.
const inFlightGrace = time.Second

// ReleaseTimeout bounds the writes at quit and sign-out: long enough for one slow
// round trip each, short enough for a desktop that waits at log-out, and for the
// promise that quit ends within five seconds.
const ReleaseTimeout = 3 * time.Second
