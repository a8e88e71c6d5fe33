package day

import (
	"net/http"
	"slices"
	"time"
)

// part is a set of the parts of what a colleague sees.
type part int

// The parts.
const (
	session part = 1 << iota
	slot
	message
	everything = session | slot | message
)

// Excuse is a span in which no client can do better, and why.
type Excuse struct {
	from, to time.Duration
	parts    part
	who      string // empty: everybody
	reason   string
}

// Bounds of what a client may take; see the package's documentation.
const (
	backoff = time.Minute // after a fault has ended
	settle  = time.Minute // in which a read that lags is not believed
)

// react is how long a client may take to do everything that a change needs: the
// request in flight and up to seven more, one of them for a token.
func (s *Script) react() time.Duration { return max(8*s.RoundTrip+500*time.Millisecond, prompt) }

// prompt is how much later than its end Microsoft may drop a choice by itself.
const prompt = 1250 * time.Millisecond

// renews is how long a session of a pair lasts until it is renewed and read back.
func renews(pair string) time.Duration {
	switch pair {
	case "":
		return 0
	case "Available/Available":
		return 4 * time.Minute
	case "Away/Away":
		return 50 * time.Minute
	}
	return 11 * time.Minute
}

// excuses gathers the spans of a run.
type excuses struct {
	run   *Run
	truth map[string][]Span
	all   []Excuse
}

func (x *excuses) add(from, to time.Duration, parts part, who, reason string) {
	x.all = append(x.all, Excuse{from, to, parts, who, reason})
}

// Excuses lists the spans of a run in which no client can do better; facts are
// those that seen has marked.
func Excuses(run *Run, facts []Event, truth map[string][]Span) []Excuse {
	x := &excuses{run: run, truth: truth}
	x.alike(facts)
	x.failures()
	x.changes()
	x.absences()
	x.overwrites()
	x.sameChoice()
	return x.all
}

// failures: what the network and Microsoft do, and the back-off afterwards.
func (x *excuses) failures() {
	react := x.run.Script.react()
	for _, t := range x.run.Script.Troubles {
		if t.Times == 0 && t.Kind != Lag {
			x.add(t.From, t.To+backoff+react+time.Duration(t.RetryAfter)*time.Second, t.parts(), "", t.label())
		}
	}
	for _, r := range x.run.Requests {
		if t := r.Failed; t != nil {
			again := backoff
			if t.refuses() {
				again = max(again, r.End-t.From) // the pauses double
			}
			x.add(r.At, r.End+again+react+time.Duration(t.RetryAfter)*time.Second, t.parts()|partsOf(r.scope()), "", t.label())
		}
	}
}

// refuses reports that Microsoft refuses what a client asks for: it will have to
// ask for something else, and may ask ever more seldom for the same.
func (t Trouble) refuses() bool {
	return t.Kind == Answer && t.Status/100 == 4 && t.Status != http.StatusTooManyRequests
}

// parts returns what a client cannot do meanwhile. Of a connection that fails it
// cannot know that another request would not.
func (t Trouble) parts() part {
	if t.Kind != Answer || t.Status == 429 {
		return everything
	}
	return partsOf(t.Scope)
}

func partsOf(s Scope) part {
	switch s {
	case Session:
		return session
	case Preferred:
		return slot
	case Message:
		return message
	case Read:
		return slot | message // neither is cleared unread
	}
	return everything
}

// changes: each change takes a moment, longer while reads lag, and what the
// person does in Teams is found with the next read.
func (x *excuses) changes() {
	react := x.run.Script.react()
	for who, spans := range x.truth {
		x.handovers(who, spans)
		x.fades(who, spans)
		for _, s := range spans {
			x.add(s.At, s.At+react, everything, who, "reaction")
			if lag := x.lagAt(s.At); lag > 0 {
				x.add(s.At, s.At+lag+settle+react, everything, who, string(Lag))
			}
		}
	}
	for i, e := range x.run.Facts {
		switch {
		case e.Kind == Note:
			x.noteEnds(e)
		case e.Kind == Clock && e.Span > 0:
			x.aheadWhileIdle(e)
			x.aheadAtStart(i)
		case e.Kind == Choice:
			x.unread(i)
			if e.Status == "Available" {
				x.looksLikeAnother(i)
			}
		case e.Kind == Choose && x.says(1-e.Machine, e.At):
			// The other computer finds it as it finds one made in Teams.
			until := min(x.looks(1-e.Machine, e.At), x.next(i, Quit, SignOut, SignedIn))
			x.add(e.At, until+react, message, x.run.account(e.Machine, e.At), "not read yet")
		}
	}
}

// unread: what was chosen is found with the next read.
func (x *excuses) unread(i int) {
	e := x.run.Facts[i]
	longest := time.Duration(0)
	for _, w := range append(x.at(e.Who, e.At-1).Ideals, x.at(e.Who, e.At).Ideals...) {
		longest = max(longest, renews(w.own))
	}
	// Who quits or signs out reads first.
	until := min(e.At+longest, x.next(i, Quit, SignOut, SignedIn))
	x.add(e.At, until+x.run.Script.react(), session|message, e.Who, "not read yet")
}

// noteEnds: how far a clock is off is known from Date, which has whole seconds.
func (x *excuses) noteEnds(e Event) {
	end := (e.At + e.Span).Truncate(time.Second)
	if e.Span > 0 && slices.ContainsFunc(x.run.Facts, func(e Event) bool { return e.Kind == Clock && e.At < end }) {
		x.add(end-time.Second, end+time.Second, message, e.Who, "whole seconds")
	}
}

// aheadWhileIdle: a clock that is set ahead looks like time that has passed in a
// suspended computer, so that somebody who has just stopped typing is away.
func (x *excuses) aheadWhileIdle(e Event) {
	var account string
	var input time.Duration
	for _, f := range x.run.Facts {
		if f.At > e.At || f.Machine != e.Machine {
			continue
		}
		switch f.Kind {
		case SignedIn:
			account = f.Who
		case Input, Rest, Lock, Unlock, Returns, Elsewhere, Wake:
			input = f.At
		}
	}
	x.add(e.At, input+x.run.Script.Policy.AwayAfter+x.run.Script.react(), session, account, "clock set ahead")
}

// aheadAtStart: what was set before a clock was set ahead that no running program
// could compare with another has ended by the new clock, and is taken for that
// until Microsoft has dropped it.
func (x *excuses) aheadAtStart(i int) {
	e := x.run.Facts[i]
	ended := x.nextHere(i, Kill, PowerOff)
	start := x.nextHere(i, Start)
	if start < ended || ended-e.At < noticed {
		for _, p := range []struct {
			parts part
			lasts time.Duration
		}{{message, textExpires}, {slot, slotExpires}} {
			x.add(start, e.At+p.lasts, p.parts, "", "clock set ahead")
		}
	}
}

// noticed is how long a program runs on until it compares its two clocks.
const noticed = 5 * time.Second

// How long what heliograph has set lasts at Microsoft.
const (
	textExpires = time.Hour
	slotExpires = 12 * time.Hour
)

// alike: a choice that was reset in Teams seems to be there until the person
// chooses anew.
func (x *excuses) alike(facts []Event) {
	for i, e := range facts {
		if !e.Alike {
			continue
		}
		until := dayLength
		for _, next := range facts[i+1:] {
			if slices.Contains([]Kind{Choose, Choice, Quit, SignOut, SignedIn}, next.Kind) {
				until = next.At
				break
			}
		}
		x.add(e.At, until+x.run.Script.react(), slot|message, e.Who, "looks like a session")
	}
}

// looksLikeAnother: Available that is chosen in Teams while nobody is here looks
// like the session of another computer, which is left alone until the own one has
// ended, or somebody is here.
func (x *excuses) looksLikeAnother(i int) {
	e := x.run.Facts[i]
	if slices.ContainsFunc(x.at(e.Who, e.At).Ideals, func(w Ideal) bool { return w.own == "Away/Away" }) {
		until := e.At + awayLasts
		if back := x.next(i, Input, Unlock, Returns, CallBegins, Wake, Start); back < x.next(i, Quit, SignOut, SignedIn, Kill, PowerOff) {
			until = min(until, back)
		}
		x.add(e.At, until+2*time.Second+x.run.Script.react(), session, e.Who, "looks like another computer")
	}
}

// awayLasts is how long a session that says Away lasts.
const awayLasts = time.Hour

// lagAt returns by how much reads lag at an instant, at most.
func (x *excuses) lagAt(at time.Duration) time.Duration { return x.run.Script.lagAt(at) }

func (s *Script) lagAt(at time.Duration) time.Duration {
	lag := time.Duration(0)
	for _, t := range s.Troubles {
		if t.Kind == Lag && t.From <= at && at < t.To {
			lag = max(lag, t.Delay)
		}
	}
	return lag
}

// at returns the ideals of a person at an instant.
func (x *excuses) at(who string, at time.Duration) Span {
	var out Span
	for _, s := range x.truth[who] {
		if s.At > at {
			break
		}
		out = s
	}
	return out
}

// differs returns the parts in which two spans differ.
func (s Span) differs(o Span) (parts part) {
	for p, value := range map[part]func(Ideal) string{
		session: func(w Ideal) string { return w.own },
		slot:    func(w Ideal) string { return w.slot },
		message: func(w Ideal) string { return w.text },
	} {
		if !slices.Equal(s.values(value), o.values(value)) {
			parts |= p
		}
	}
	return parts
}

// values lists what is right in one part, each value once.
func (s Span) values(of func(Ideal) string) []string {
	var all []string
	for _, w := range s.Ideals {
		all = append(all, of(w))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
