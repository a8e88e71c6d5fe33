package presence

import (
	"context"
	"errors"
	"time"
)

// Bounds of presence: setPresence's expirationDuration; Graph answers 400
// outside them.
//
// Source: https://learn.microsoft.com/graph/api/presence-setpresence
const (
	MinExpiration = 5 * time.Minute
	MaxExpiration = 4 * time.Hour
)

// Service makes the requests to Microsoft Graph for one signed-in person. Every
// call ends when its context does. An error may say when to try again; see
// [RetryAfter].
type Service interface {
	// Account identifies the person and the application, whose session it is. It
	// stays the same over sign-ins, and is not shown.
	Account() string
	// SetPresence sets this application's presence session, which Graph ends
	// after d (MinExpiration to MaxExpiration).
	SetPresence(ctx context.Context, p Pair, d time.Duration) error
	// ClearPresence ends the session. A session that does not exist is not an
	// error.
	ClearPresence(ctx context.Context) error
	// SetPreferred sets the person's preferred presence for d; zero leaves
	// Graph's default (1 day for Busy and DoNotDisturb, 7 days otherwise).
	SetPreferred(ctx context.Context, p Pair, d time.Duration) error
	// ClearPreferred removes the preferred presence, whoever set it.
	ClearPreferred(ctx context.Context) error
	// SetStatusMessage sets the status message until an instant of Graph's clock
	// (zero: without end); an empty text removes it.
	SetStatusMessage(ctx context.Context, text string, until time.Time) error
	// Shown reads what colleagues see now.
	Shown(ctx context.Context) (Shown, error)
}

// Shown is an answer of GET presence: what a colleague sees now.
type Shown struct {
	Pair
	// Sequence is Graph's sequenceNumber, sortable as text; empty where a
	// cloud does not send it (US Government).
	Sequence string
	// Message is the status message's text; empty: there is none.
	Message string
	// MessageUntil is when Message ends, by Graph's clock; zero if it does not, or
	// unknown.
	MessageUntil time.Time
	// Ahead is by how much Graph's clock is ahead of this computer's; zero if it is
	// less than a minute, or unknown.
	Ahead time.Duration
}

// ErrSignIn is wrapped by every Service error after which a person must sign in
// before any request can succeed.
var ErrSignIn = errors.New("sign-in needed")

// ErrRefused is wrapped by every Service error that recurs until somebody has
// acted: a missing permission, a request that is invalid to Graph.
var ErrRefused = errors.New("refused by Microsoft")

// ErrAnswered is wrapped by every Service error that came as an answer to this
// one request, so that others may succeed meanwhile.
var ErrAnswered = errors.New("answered with an error")

// RetryAfter returns the pause that the service has requested with err, and
// whether it has requested one.
func RetryAfter(err error) (time.Duration, bool) {
	var r interface{ RetryAfter() (time.Duration, bool) }
	if errors.As(err, &r) {
		return r.RetryAfter()
	}
	return 0, false
}
