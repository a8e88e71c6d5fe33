package day

import (
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
func (s *Script) react() time.Duration { return 8*s.RoundTrip + 500*time.Millisecond }

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

// Excuses lists the spans of a run in which no client can do better.
func Excuses(run *Run, truth map[string][]Span) []Excuse {
	x := &excuses{run: run, truth: truth}
	x.failures()
	x.changes()
	x.absences()
	x.overwrites()
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
			x.add(r.At, r.End+backoff+react+time.Duration(t.RetryAfter)*time.Second, t.parts()|partsOf(r.scope()), "", t.label())
		}
	}
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
		who := e.Who
		switch {
		case e.Kind == Choice:
		case e.Kind == Choose && x.run.Script.Machines > 1:
			who = "" // the other computer finds it as it finds one made in Teams
		default:
			continue
		}
		longest := time.Duration(0)
		for _, w := range append(x.at(e.Who, e.At-1).Ideals, x.at(e.Who, e.At).Ideals...) {
			longest = max(longest, renews(w.own))
		}
		// Who quits or signs out reads first.
		until := min(e.At+longest, x.next(i, Quit, SignOut, SignedIn))
		x.add(e.At, until+react, session|message, who, "not read yet")
	}
}

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

// absences: while the program does not run, sleeps, or is refused for good.
func (x *excuses) absences() {
	react := x.run.Script.react()
	var accounts [2]string
	var stops [2]time.Duration // until when the process is stopped
	var absent [2]absence
	for i, e := range x.run.Facts {
		back := func(kinds ...Kind) time.Duration { return x.nextHere(i, kinds...) + 2*react }
		account, stopped := accounts[e.Machine], stops[e.Machine]
		for m := range absent {
			if m == e.Machine || e.Kind == Choice || e.Kind == Note {
				if absent[m].follow(e) {
					x.add(e.At, e.At+settle+2*react, everything, account, "found when back")
				}
			}
		}
		if slices.Contains([]Kind{Input, Rest, Lock, Unlock, CallBegins, CallEnds, Client}, e.Kind) {
			x.add(e.At, e.At+react, session, account, "reaction")
		}
		switch e.Kind {
		case SignedIn:
			if account != "" && account != e.Who {
				x.add(e.At-releaseTime, e.At, everything, account, "reaction") // it is left before
				x.leave(e, releaseTime, x.again(i, account), account)
			}
			accounts[e.Machine] = e.Who
		case Kill, PowerOff:
			x.add(e.At, back(Start), everything, account, sentences[e.Kind])
		case Stall:
			stops[e.Machine] = e.At + e.Span
			x.add(e.At, stops[e.Machine]+react, everything, account, "stopped without notice")
		case Revoke:
			x.add(e.At, x.anywhere(i, e.Who), everything, e.Who, "sign-in revoked")
		case Quit:
			x.leave(e, releaseTime, back(Start), account)
		case SignOut:
			x.leave(e, releaseTime, x.again(i, account), account)
			accounts[e.Machine] = ""
		case Sleep:
			if e.At < stopped {
				x.add(e.At, back(Wake, Kill, PowerOff), everything, account, "stopped without notice")
			}
			x.sleeps(e, back(Wake, Kill, PowerOff), account)
		case Start:
			x.add(e.At, e.At+2*react, everything, account, "reaction")
		}
	}
}

// absence is a computer at which nobody looks at what the person does in Teams.
type absence struct{ off, asleep, acted bool }

// follow reports that heliograph is back, and the person did something meanwhile.
func (a *absence) follow(e Event) bool {
	switch e.Kind {
	case Quit, Kill, PowerOff:
		a.off = true
	case Sleep:
		a.asleep = true
	case Start:
		a.off = false
	case Wake:
		a.asleep = false
	case Choice, Note:
		a.acted = a.acted || a.off || a.asleep
	}
	if !a.acted || a.off || a.asleep || (e.Kind != Start && e.Kind != Wake) {
		return false
	}
	a.acted = false
	return true
}

// again returns when somebody can be signed in again at the same computer, and
// everything that was left for them be cleared.
func (x *excuses) again(after int, who string) time.Duration {
	here := x.run.Facts[after].Machine
	for _, e := range x.run.Facts[after+1:] {
		if e.Machine == here && e.Kind == SignedIn && e.Who == who {
			return e.At + 2*x.run.Script.react()
		}
	}
	return dayLength
}

// anywhere returns when somebody can be signed in again at any computer.
func (x *excuses) anywhere(after int, who string) time.Duration {
	for _, e := range x.run.Facts[after+1:] {
		if e.Kind == SignedIn && e.Who == who {
			return e.At + 2*x.run.Script.react()
		}
	}
	return dayLength
}

// releaseTime is how long a client has at quit and at sign-out.
const releaseTime = 3 * time.Second

// nextHere returns when one of the kinds happens next at the same computer.
func (x *excuses) nextHere(after int, kinds ...Kind) time.Duration {
	here := x.run.Facts[after].Machine
	for _, e := range x.run.Facts[after+1:] {
		if e.Machine == here && slices.Contains(kinds, e.Kind) {
			return e.At
		}
	}
	return dayLength
}

// next returns when one of the kinds happens next, at any computer.
func (x *excuses) next(after int, kinds ...Kind) time.Duration {
	for _, e := range x.run.Facts[after+1:] {
		if slices.Contains(kinds, e.Kind) {
			return e.At
		}
	}
	return dayLength
}

// leave: what could not be cleared within the time for it stays until somebody
// is back.
func (x *excuses) leave(e Event, within, back time.Duration, who string) {
	parts, reason := x.blocked(e.At, e.At+within)
	if parts != 0 {
		x.add(e.At, back, parts, who, "left during: "+reason)
	}
}

// blocked returns what could not be done throughout a span.
func (x *excuses) blocked(from, to time.Duration) (parts part, reason string) {
	for _, t := range x.run.Script.Troubles {
		if t.Kind != Lag && t.Times == 0 && t.From <= from+x.run.Script.react() && t.To+time.Duration(t.RetryAfter)*time.Second > to-x.run.Script.react() {
			parts |= t.parts()
			reason = t.label()
		}
	}
	hits := 0
	for _, r := range x.run.Requests {
		if r.Failed == nil || r.At > to {
			continue
		}
		after := time.Duration(r.Failed.RetryAfter) * time.Second
		if r.At >= from {
			hits++
		}
		if r.End+after >= to || (hits >= 3 && r.At >= from) {
			parts |= r.Failed.parts()
			reason = r.Failed.label()
		}
	}
	return parts, reason
}

// sleeps: sleep is held for a moment; what changes later, or could not be done in
// that moment, waits until the computer is awake.
func (x *excuses) sleeps(e Event, back time.Duration, who string) {
	react := x.run.Script.react()
	if parts, reason := x.blocked(e.At, e.At+holdSleep); parts != 0 {
		x.add(e.At, back, parts, who, "slept during: "+reason)
	}
	if react > holdSleep {
		x.add(e.At, back, everything, who, "slept on a slow network")
	}
	spans := x.truth[who]
	for i, s := range spans {
		if i > 0 && s.At > e.At+holdSleep-react && s.At < back {
			x.add(s.At, back, spans[i-1].differs(s), who, "changed while asleep")
		}
	}
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
