package day

import (
	"slices"
	"time"
)

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
					x.add(e.At, x.firstRead(e)+settle+2*react, everything, account, "found when back")
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
			if x.justStarted(i) {
				x.add(e.At, back(Wake, Kill, PowerOff), everything, account, "changed while asleep")
			}
			x.sleeps(e, back(Wake, Kill, PowerOff), account)
		case Start:
			x.add(e.At, e.At+2*react, everything, account, "reaction")
			now := x.at(account, e.At)
			slots := now.values(func(w Ideal) string { return w.slot })
			if was := x.run.before(account, e.At).Preferred; len(slots) > 1 || was != "" && was != slots[0] {
				x.add(e.At, x.firstRead(e)+settle+2*react, everything, account, "found when back")
			}
		}
	}
}

// justStarted reports that the program was started only a moment before an event.
func (x *excuses) justStarted(i int) bool {
	e := x.run.Facts[i]
	return slices.ContainsFunc(x.run.Facts[:i], func(f Event) bool {
		return f.Kind == Start && f.Machine == e.Machine && e.At-f.At < 2*x.run.Script.react()
	})
}

// firstRead returns when the computer of an event has read for the first time
// since then.
func (x *excuses) firstRead(e Event) time.Duration {
	for _, r := range x.run.Requests {
		if r.Machine == e.Machine && r.At >= e.At && r.scope() == Read && r.Failed == nil && r.Status != 0 {
			return r.End
		}
	}
	return e.At
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
