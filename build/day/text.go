package day

import (
	"slices"
	"time"
)

// text returns the text that heliograph should show if it runs, unless the
// person has written a newer one.
func (h *place) text() string {
	if h.chosen() != "" && h.choice.text != "" {
		return h.choice.text
	}
	if h.policy.CallMessage && len(h.calls) > 0 && h.calls[0] != teamsApp {
		return "On a " + h.calls[0] + " call"
	}
	return ""
}

// textSince returns since when a text is meant: that of a choice since it was
// made, that of calls since the first began.
func (h *place) textSince() time.Duration {
	if h.chosen() != "" && h.choice.text != "" {
		return h.choice.since
	}
	return h.called
}

// yields reports whether the person has written or removed a status message
// since a text is meant, so that theirs is right.
func (h *place) yields(p holder) bool { return p.noteAt > h.textSince() }

// shownText returns the text that is shown for a computer on which heliograph
// runs.
func (h *place) shownText() string {
	if h.asleep {
		if h.chosen() == "" {
			return ""
		}
		return h.choice.text
	}
	switch {
	case h.chosen() != "" && h.choice.text != "":
		return h.choice.text
	case h.elsewhere || h.chosen() == "" && !h.working():
		return ""
	}
	return h.text()
}

// means lists the computers at which heliograph means a text for a person.
func (h *hypothesis) means(who string) []*place {
	var all []*place
	for i := range h.places {
		if at := &h.places[i]; at.account == who && at.text() != "" {
			all = append(all, at)
		}
	}
	return all
}

// noted: the newest text wins.
func (h *hypothesis) noted(e Event) []hypothesis {
	p := &h.people[number(e.Who)]
	was := *p
	p.note, p.noteUntil, p.noteAt = e.Text, never, e.At
	if e.Span > 0 {
		p.noteUntil = (e.At + e.Span).Truncate(time.Second) // as Teams does it
	}
	unread := e.Unread || !slices.ContainsFunc(h.places[:], func(at place) bool { return at.account == e.Who && at.running })
	if !e.Never {
		p.known, p.knownUntil = p.note, p.noteUntil
	}
	var more []hypothesis
	if e.Never && e.Span > 0 || e.Text == "" && was.known != "" && was.known != was.note {
		// It was written over heliograph's, and has come and gone: the one before it
		// is what heliograph restores.
		other := *h
		p := &other.people[number(e.Who)]
		p.note, p.noteUntil, p.noteAt = was.known, was.knownUntil, 0
		more = append(more, other)
	}
	if len(h.means(e.Who)) == 0 {
		return more
	}
	if e.Text == "" {
		// Only heliograph's text may have been removed, and not the note before it.
		other := *h
		p := &other.people[number(e.Who)]
		p.note, p.noteUntil = was.note, was.noteUntil
		more = append(more, other)
	}
	if unread {
		other := *h
		other.people[number(e.Who)].noteAt = 0 // heliograph cannot tell which came first
		more = append(more, other)
	}
	return more
}

// stops: heliograph ends, and keeps for the next start which text has yielded.
func (at *place) stops(h *hypothesis) {
	at.yielded = ""
	if at.running && at.account != "" && at.text() != "" && at.yields(h.people[number(at.account)]) {
		at.yielded = at.text()
	}
}

// began: something has happened at a computer after which a text may be meant
// that was not meant before, or that heliograph does not know the age of.
func (h *hypothesis) began(e Event) []hypothesis {
	here := &h.places[e.Machine]
	if here.account == "" || here.text() == "" {
		return nil
	}
	other := *h
	p, at := &other.people[number(here.account)], &other.places[e.Machine]
	switch {
	case e.Unread:
		p.noteAt = e.At + 1 // the note may have come after it
	case e.Kind == Start && here.text() == here.yielded:
		p.noteAt = e.At + 1 // it may be the same call
	case e.Kind == SignedIn && here.yields(*p):
		p.noteAt = 0 // it was there when heliograph looked for the first time
	case e.Kind == Start && len(here.calls) > 0 && p.noteAt > here.called:
		at.called = e.At // heliograph does not know when a call began that it finds
	case e.Kind == CallBegins && e.At < here.stopped:
		at.called = here.calledBefore // nor that the calls before had ended
	default:
		return nil
	}
	return []hypothesis{other}
}
