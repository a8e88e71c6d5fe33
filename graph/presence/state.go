package presence

import (
	"strings"
	"time"

	"heliograph/detect"
)

// State is a copy of all that the loop knows, for showing.
type State struct {
	Choice   Choice
	Activity detect.Activity
	Want     Want
	// Since is when Want's pair and rule began to hold.
	Since time.Time
	// Sent is the presence session that Graph accepted last; zero: none lives.
	Sent Sent
	// Shown is what Graph said colleagues see, read at ShownAt.
	Shown   Shown
	ShownAt time.Time
	// Theirs is a preferred presence that the user picked in Teams, which takes
	// precedence over ours; zero: none is known.
	Theirs Pair
	// Err is the failure of Graph that has lasted since ErrSince; nil: none.
	// Retry is when a pause of all requests ends; zero: there is none.
	Err      error
	ErrSince time.Time
	Retry    time.Time
	// SignedIn reports that there is a service to post to.
	SignedIn bool
	// Confirmed reports that Shown was read since anything was written, and that
	// Graph can be reached.
	Confirmed bool
	// InStep reports that nothing is left to do at Graph, or that nothing can be
	// done because nobody is signed in.
	InStep bool
	// Observed reports that Activity is known; before, Want means nothing.
	Observed bool
}

// AsWanted reports whether Shown has the availability that is wanted. The
// activity is left out: some clouds do not send it, and a session that fades
// changes it alone.
func (s State) AsWanted() bool {
	return strings.EqualFold(s.Shown.Availability, s.Want.Pair().Availability)
}

// same compares states; errors by their text, since an error's dynamic type
// need not be comparable.
func same(a, b State) bool {
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	ea, eb := text(a.Err), text(b.Err)
	a.Err, b.Err = nil, nil
	return ea == eb && a == b
}

// Zero reports whether nothing was sent.
func (s Sent) Zero() bool { return s.Pair.Zero() }

// Sent is a presence session that Graph accepted.
type Sent struct {
	Pair
	// At is when it was posted; Expires when Graph drops it.
	At, Expires time.Time
}
