package presence

import (
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
	// Observed reports that Activity is known; before, Want means nothing.
	Observed bool
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

// Sent is a write that Graph accepted.
type Sent struct {
	Pair
	// At is when it was accepted; Expires when Graph drops it.
	At, Expires time.Time
}

// holds reports whether Graph still has the write at now.
func (s Sent) holds(now time.Time) bool { return !s.Zero() && now.Before(s.Expires) }

// Saved is what must outlive the process: the user's choice, and what
// heliograph has set at Graph and must clear again.
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
