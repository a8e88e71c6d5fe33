package day

import (
	"slices"
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
		switch e.Kind {
		case Choose:
			chosen = e
			text = e
			e.Unwritten = !run.writes(e.At, takenBack(facts[i+1:]))
			e.Unread = note != nil && run.close(note.At, e.At, run.Script.react())
		case CallBegins:
			text = e
			e.Unread = note != nil && run.close(note.At, e.At, run.Script.react())
		case Start, SignedIn:
			// Both may have happened since anybody has read.
			e.Unread = text != nil && note != nil && run.silent(Message, min(text.At, note.At), e.At)
			text = e
		case CallEnds, Wake:
			text = e
		case Note:
			e.Unseen = run.crosses(e.At, Message)
			e.Unread = text != nil && run.close(text.At, e.At, 0) ||
				e.Span > 0 && run.silent(Read, e.At, e.At+e.Span) || // it has come and gone
				run.silent(Read, e.At, ends(facts[i+1:])) ||
				note != nil && e.Text == "" && run.silent(Read, note.At, e.At)
			note = e
		case Choice:
			e.Unread = run.silent(Read, e.At, ends(facts[i+1:]))
			e.Again = last != nil && run.silent(Read, last.At, e.At)
			last = e
			e.Empty = run.before(e.Who, e.At).Preferred == ""
			e.Unseen = run.crosses(e.At, Preferred) || (chosen != nil && run.silent(Preferred, chosen.At, e.At))
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
		return q.Action == "setUserPreferredPresence" && q.At >= from && q.At < to && (q.Failed == nil || q.Failed.Kind == Lose)
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
func (r *Run) close(first, then, moment time.Duration) bool {
	return then-first < 2*r.Script.react() || r.silent(Message, first, then+moment)
}

// silent reports whether in a span no read succeeded, and no write of a kind.
func (r *Run) silent(scope Scope, from, to time.Duration) bool {
	return !slices.ContainsFunc(r.Requests, func(q Request) bool {
		return (q.scope() == Read || q.scope() == scope) && q.Failed == nil && q.Status != 0 && q.At >= from && q.End <= to
	})
}
