package day

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// seen returns the facts of a run, and marks what the person did in Teams that
// nobody can see: a write was under way, or followed a read that lagged, and has
// replaced it at once; or what heliograph wants changed, and the person did
// something in Teams, while no request succeeded that would tell their order.
func seen(run *Run) []Event {
	// Who removes what is not there has done nothing.
	facts := slices.DeleteFunc(slices.Clone(run.Facts), func(e Event) bool {
		was := run.before(e.Who, e.At)
		if e.Kind == Choose && run.unheard(e) {
			return true
		}
		return e.Kind == Note && e.Text == "" && was.Message == "" || e.Kind == Choice && e.Status == "" && was.Preferred == ""
	})
	var chosen, text, note, last *Event // the latest that changed which choice, and which text, heliograph wants, the latest note, and the latest choice in Teams
	for i := range facts {
		e := &facts[i]
		who := cmp.Or(e.Who, run.account(e.Machine, e.At))
		switch e.Kind {
		case Choose:
			chosen = e
			text = e
			e.Unwritten = !run.writes(e.At, takenBack(facts[i+1:]))
			e.Unread = note != nil && run.close(who, note.At, e.At, run.Script.react())
		case CallBegins:
			text = e
			e.Unread = note != nil && run.close(who, note.At, e.At, run.Script.react())
		case Start, SignedIn:
			// Both may have happened since anybody has read.
			e.Unread = text != nil && note != nil && run.silent(who, Message, min(text.At, note.At), e.At)
			text = e
		case CallEnds, Wake:
			text = e
		case Note:
			e.Unseen = run.crosses(e.At, Message)
			e.Unread = text != nil && run.close(who, text.At, e.At, 0) ||
				e.Span > 0 && run.silent(who, Read, e.At, e.At+e.Span) || // it has come and gone
				run.silent(who, Read, e.At, ends(facts[i+1:])) ||
				note != nil && e.Text == "" && run.silent(who, Read, note.At, e.At)
			e.Never = run.silent(who, Read, e.At, nextNote(facts[i+1:], who))
			note = e
		case Choice:
			e.Unread = run.silent(who, Read, e.At, ends(facts[i+1:]))
			e.Alike = e.Status == "" && run.alike(who, e.At, text)
			e.Again = last != nil && run.silent(who, Read, last.At, e.At)
			last = e
			e.Empty = run.before(e.Who, e.At).Preferred == ""
			e.Unseen = run.crosses(e.At, Preferred) || (chosen != nil && run.silent(who, Preferred, chosen.At, e.At))
		}
	}
	return facts
}

// unheard reports a choice in a program that was stopped, and killed before it
// went on.
func (r *Run) unheard(choice Event) bool {
	stopped := time.Duration(-1) // until when
	for _, e := range r.Facts {
		switch {
		case e.Machine != choice.Machine:
		case e.At > choice.At && (e.Kind == Kill || e.Kind == PowerOff):
			return e.At < stopped
		case e.At < choice.At && e.Kind == Stall:
			stopped = e.At + e.Span
		case e.At < choice.At && (e.Kind == Sleep || e.Kind == Start):
			stopped = -1 // what ends the stop then is another thing
		}
	}
	return false
}

// takenBack returns when a choice is followed by another one, or by the end of
// the program or the sign-in.
func takenBack(after []Event) time.Duration {
	i := slices.IndexFunc(after, func(e Event) bool {
		return slices.Contains([]Kind{Choose, Choice, Quit, SignOut, SignedIn, Kill, PowerOff}, e.Kind)
	})
	if i < 0 {
		return dayLength
	}
	return after[i].At
}

// alike reports that after an instant the same availability is shown as the
// choice that was there. That heliograph's own session differs by its activity is
// known once both were read.
func (r *Run) alike(who string, at time.Duration, text *Event) bool {
	was, is := r.before(who, at), r.before(who, at+1)
	chosen, _, _ := strings.Cut(was.Preferred, "/")
	shown, _, _ := strings.Cut(is.Shown, "/")
	return chosen == shown && (is.Shown != is.Own || text != nil && r.silent(who, Read, text.At+r.Script.react(), at))
}

// nextNote returns when a person writes the next note.
func nextNote(after []Event, who string) time.Duration {
	i := slices.IndexFunc(after, func(e Event) bool { return e.Kind == Note && e.Who == who })
	if i < 0 {
		return dayLength
	}
	return after[i].At
}

// ends returns when the program or the sign-in ends, at any computer.
func ends(after []Event) time.Duration {
	i := slices.IndexFunc(after, func(e Event) bool {
		return slices.Contains([]Kind{Quit, SignOut, SignedIn, Kill, PowerOff}, e.Kind)
	})
	if i < 0 {
		return dayLength
	}
	return after[i].At
}

// before returns what was true of a person just before an instant.
func (r *Run) before(who string, at time.Duration) Moment {
	var out Moment
	for _, m := range r.Trace[who] {
		if m.At >= at {
			break
		}
		out = m
	}
	return out
}

// writes reports whether a preferred presence was set in a span.
func (r *Run) writes(from, to time.Duration) bool {
	return slices.ContainsFunc(r.Requests, func(q Request) bool {
		return q.Action == "setUserPreferredPresence" && q.At >= from && q.At < to && (q.Status/100 == 2 && q.Failed == nil || q.Failed != nil && q.Failed.Kind == Lose)
	})
}

// crosses reports whether a write replaces what was done at an instant, before
// anybody can have read it.
func (r *Run) crosses(at time.Duration, scope Scope) bool {
	until := at + 2*r.Script.RoundTrip + r.Script.lagAt(at)
	return slices.ContainsFunc(r.Requests, func(q Request) bool { return q.scope() == scope && q.End >= at && q.At <= until })
}

// close reports whether nobody can tell in which order two things happened, the
// later one of which heliograph may look at for a moment.
func (r *Run) close(who string, first, then, moment time.Duration) bool {
	return then-first < 2*r.Script.react() || r.silent(who, Message, first, then+moment)
}

// silent reports whether in a span no read for a person succeeded, and no write
// of a kind.
func (r *Run) silent(who string, scope Scope, from, to time.Duration) bool {
	return !slices.ContainsFunc(r.Requests, func(q Request) bool {
		return q.At >= from && q.End <= to && (q.scope() == Read || q.scope() == scope) && q.Failed == nil && q.Status != 0 && r.account(q.Machine, q.At) == who
	})
}

// account returns who is signed in at a computer at an instant.
func (r *Run) account(machine int, at time.Duration) string {
	who := ""
	for _, e := range r.Facts {
		switch {
		case e.At > at:
			return who
		case e.Machine == machine && e.Kind == SignedIn:
			who = e.Who
		case e.Machine == machine && e.Kind == SignOut:
			who = ""
		}
	}
	return who
}
