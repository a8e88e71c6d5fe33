// Package presence decides what colleagues should see and keeps Microsoft
// Graph in step with it. It knows Graph's words, not its wire: requests are
// made by whatever implements [Service].
//
// It refuses to raise presence without a reason: every [Want] carries the rule
// that asked for it.
package presence

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Pair is an availability together with an activity, as Graph spells them in
// PascalCase. The zero Pair means "none".
//
// Source: https://learn.microsoft.com/graph/api/resources/presence
type Pair struct {
	Availability string
	Activity     string
}

// The pairs that presence: setPresence accepts for an application session.
//
// Source: https://learn.microsoft.com/graph/api/presence-setpresence
var (
	Available  = Pair{"Available", "Available"}
	InACall    = Pair{"Busy", "InACall"}
	InAMeeting = Pair{"Busy", "InAConferenceCall"}
	Away       = Pair{"Away", "Away"}
	Presenting = Pair{"DoNotDisturb", "Presenting"}
)

// The pairs that presence: setUserPreferredPresence accepts.
//
// Source: https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence
var (
	PreferAvailable    = Pair{"Available", "Available"}
	PreferBusy         = Pair{"Busy", "Busy"}
	PreferDoNotDisturb = Pair{"DoNotDisturb", "DoNotDisturb"}
	PreferBeRightBack  = Pair{"BeRightBack", "BeRightBack"}
	PreferAway         = Pair{"Away", "Away"}
	PreferOffline      = Pair{"Offline", "OffWork"}
)

// Offline is what Graph shows of a person without any living session.
var Offline = Pair{"Offline", "Offline"}

// Zero reports whether p names nothing.
func (p Pair) Zero() bool { return p == Pair{} }

// Is compares two pairs the way Graph's answers must be read: without regard
// to case.
func (p Pair) Is(q Pair) bool {
	return strings.EqualFold(p.Availability, q.Availability) && strings.EqualFold(p.Activity, q.Activity)
}

// String is "Availability/Activity", or "none".
func (p Pair) String() string {
	if p.Zero() {
		return "none"
	}
	return p.Availability + "/" + p.Activity
}

// Bounds of presence: setPresence's expirationDuration; Graph answers 400
// outside them.
//
// Source: https://learn.microsoft.com/graph/api/presence-setpresence
const (
	MinExpiration = 5 * time.Minute
	MaxExpiration = 4 * time.Hour
)

// Shown is what GET presence tells: what a colleague sees now.
type Shown struct {
	Pair
	// Sequence is Graph's sequenceNumber, sortable as text; empty where a
	// cloud does not send it (US Government).
	Sequence string
	// Message is the status message's text; empty for none.
	Message string
	// MessageUntil is when Message runs out; zero if it does not, or unknown.
	MessageUntil time.Time
}

// Service is what the loop asks of Microsoft Graph for one signed-in person.
// Every call obeys its context. An error may say when to
// come back; see [RetryAfter].
type Service interface {
	// SetPresence sets this application's presence session, which expires by
	// itself after d (MinExpiration to MaxExpiration).
	SetPresence(ctx context.Context, p Pair, d time.Duration) error
	// ClearPresence ends the session; a session already gone is no error.
	ClearPresence(ctx context.Context) error
	// SetPreferred sets the person's preferred presence for d; zero leaves
	// Graph's default (1 day for Busy and DoNotDisturb, 7 days otherwise).
	SetPreferred(ctx context.Context, p Pair, d time.Duration) error
	// ClearPreferred removes the preferred presence, whoever set it.
	ClearPreferred(ctx context.Context) error
	// SetStatusMessage sets the status message until the given instant (zero:
	// without end); an empty text removes it.
	SetStatusMessage(ctx context.Context, text string, until time.Time) error
	// Shown reads what colleagues see now.
	Shown(ctx context.Context) (Shown, error)
}

// ErrSignIn is wrapped by every Service error that only a person can mend by
// signing in.
var ErrSignIn = errors.New("sign-in needed")

// ErrRefused is wrapped by every Service error that repeating mends only after
// somebody has acted: a missing permission, a request that Graph calls invalid.
var ErrRefused = errors.New("refused by Microsoft")

// ErrAnswered is wrapped by every Service error that came as an answer to this
// one request, so that others may succeed meanwhile.
var ErrAnswered = errors.New("answered with an error")

// RetryAfter returns the pause a service asked for with err, and whether it
// asked for one.
func RetryAfter(err error) (time.Duration, bool) {
	var r interface{ RetryAfter() (time.Duration, bool) }
	if errors.As(err, &r) {
		return r.RetryAfter()
	}
	return 0, false
}
