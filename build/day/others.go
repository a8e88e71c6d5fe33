package day

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// handover is how long a computer that keeps quiet, and has noticed that there is
// another one, may take to find that the other does not speak any more.
const handover = 10 * time.Minute

// lookAway is how often it looks while nobody speaks, and Away is shown: to find
// nothing, as in a night, must not cost a request every few minutes.
const lookAway = 25 * time.Minute

// handovers: one computer speaks in place of another although nothing has
// happened at it.
func (x *excuses) handovers(who string, spans []Span) {
	for i := 1; i < len(spans); i++ {
		was, is := spans[i-1].Ideals[0], spans[i].Ideals[0]
		acted := slices.ContainsFunc(x.run.Facts, func(e Event) bool { return e.At == spans[i].At && e.Machine == is.place })
		if was.own != "" && is.own != "" && was.place != is.place && !acted {
			x.add(spans[i].At, x.finds(who, is.place, spans[i].At)+x.run.Script.react(), session, who, "another computer")
		}
	}
}

// finds returns when a computer has to find that another one has stopped: soon if
// it was able to know that there is one, and saw it speak; later if it saw Away,
// as it shows itself; else when it renews what it has set, which it believes to
// be there.
func (x *excuses) finds(who string, machine int, at time.Duration) time.Duration {
	until := at + handover
	knows := x.met(who, machine, at)
	for _, r := range slices.Backward(x.run.Requests) {
		switch {
		case r.Machine != machine || r.End > at || r.Failed != nil:
		case knows && r.scope() == Read && x.run.before(who, r.At+1).speaks():
			return until
		case knows && r.scope() == Read:
			return max(until, r.End+lookAway)
		case !knows && r.scope() == Session:
			return max(until, r.At+renews(r.pair())+x.run.Script.react())
		}
	}
	return until
}

// says reports whether a choice with a text holds at a computer.
func (x *excuses) says(machine int, at time.Duration) bool {
	for _, e := range slices.Backward(x.run.Facts) {
		if e.Kind == Choose && e.Machine == machine && e.At < at {
			return e.Text != "" && (e.Span == 0 || at < e.At+e.Span)
		}
	}
	return false
}

// looks returns when a computer reads next if nothing happens at it: when it renews
// what it has set, or looks whether another one still speaks.
func (x *excuses) looks(machine int, at time.Duration) time.Duration {
	for _, r := range slices.Backward(x.run.Requests) {
		if r.Machine == machine && r.At <= at && r.scope() == Session {
			return max(at+handover, r.At+renews(r.pair()))
		}
	}
	return at + handover
}

// speaks reports that somebody who is at work can be seen, which no choice hides.
func (m Moment) speaks() bool { return m.Preferred == "" && rank(m.Shown) > 1 }

// met reports whether a computer has read, before an instant, what only another
// one can have caused: less than its own session, which must have been there, and
// no choice made in Teams.
func (x *excuses) met(who string, machine int, at time.Duration) bool {
	var own Request
	for _, r := range x.run.Requests {
		if r.Machine != machine || r.End > at {
			continue
		}
		switch {
		case r.scope() == Session:
			own = r
		case r.scope() != Read || r.Failed != nil || x.run.account(machine, r.At) != who:
		case own.Failed != nil || own.pair() == "" || x.run.account(machine, own.At) != who:
		case r.At < own.End+settle+x.lagAt(r.At) || r.At > own.At+shows(own.pair()):
		default:
			m := x.run.before(who, r.At+1)
			if rank(m.Shown) < rank(own.pair()) && (m.Preferred == "" || rank(m.Shown) == 0 && m.Preferred != "Offline/OffWork") {
				return true
			}
		}
	}
	return false
}

// shows returns for how long a session is certainly shown as it was set.
func shows(pair string) time.Duration {
	switch pair {
	case "Available/Available":
		return 5 * time.Minute
	case "Away/Away":
		return time.Hour
	}
	return 15 * time.Minute
}

// expires returns when a session ends that nobody renews.
func expires(pair string) time.Duration {
	if pair == "Available/Available" {
		return 10 * time.Minute
	}
	return shows(pair)
}

// overwrites: two computers have set the same pair, which looks to each as if it
// alone had; then one of them sets another. Or one sets a pair again that it has
// never seen, because a choice or another session hid it: what is shown now may
// be a Teams client's. The other one notices with its next renewal.
func (x *excuses) overwrites() {
	var last [2]Request
	for _, r := range x.run.Requests {
		if r.Action != "setPresence" {
			continue
		}
		before := last[r.Machine]
		last[r.Machine] = r
		for who := range x.truth {
			for _, w := range x.at(who, r.At).Ideals {
				if w.own != "" && w.place != r.Machine && !r.sets(w.own) && (before.sets(w.own) || rank(r.pair()) == 1 && !x.seen(who, r)) {
					x.add(r.At, r.At+renews(w.own)+2*x.run.Script.react(), session, who, "another computer")
				}
			}
		}
	}
}

// seen reports whether the computer that sets a session again has read it since
// it set it first.
func (x *excuses) seen(who string, again Request) bool {
	read := false
	for _, r := range x.run.Requests {
		switch {
		case r.Machine != again.Machine || r.At >= again.At:
		case r.scope() == Session:
			read = read && r.pair() == again.pair()
		case r.scope() == Read && r.Failed == nil:
			read = read || x.run.before(who, r.At+1).Shown == again.pair()
		}
	}
	return read
}

// fades: a computer that knows of another one cannot tell whose Available is
// shown until its own has faded, and must not overwrite what the other keeps. One
// that stops cannot wait for that: what it has set ends by itself.
func (x *excuses) fades(who string, spans []Span) {
	for i := 1; i < len(spans); i++ {
		at, was, is := spans[i].At, spans[i-1].Ideals[0], spans[i].Ideals[0]
		if was.own != "Available/Available" || rank(is.own) > 1 || !x.met(who, was.place, at) {
			continue
		}
		for _, r := range slices.Backward(x.run.Requests) {
			if r.Machine != was.place || r.At >= at || r.scope() != Session {
				continue
			}
			lasts := shows(r.pair())
			if is.own == "" || is.place != was.place {
				lasts = expires(r.pair())
			}
			if r.sets(was.own) && r.At+lasts > at {
				x.add(at, r.At+lasts+2*x.run.Script.react(), session, who, "another computer")
			}
			break
		}
	}
}

// sameChoice: a computer ends a choice of its own, and the other one has set the
// same pair since, which looks alike at Graph. The other takes that for a choice
// made in Teams.
func (x *excuses) sameChoice() {
	for i, r := range x.run.Requests {
		who := x.run.account(r.Machine, r.At)
		if r.Action != "clearUserPreferredPresence" || r.Failed != nil {
			continue
		}
		mine, theirs := x.lastChoice(i, r.Machine), x.lastChoice(i, 1-r.Machine)
		if mine.chosen() == "" || mine.chosen() != theirs.chosen() || theirs.At < mine.At || x.run.account(theirs.Machine, theirs.At) != who || x.readOther(who, mine, r.At) {
			continue
		}
		x.add(r.At, x.nextChoice(r.At), slot|message, who, "another computer")
	}
}

// lastChoice returns the request that set or cleared a preferred presence last at
// a computer, before another one.
func (x *excuses) lastChoice(before, machine int) Request {
	for _, r := range slices.Backward(x.run.Requests[:before]) {
		if r.Machine == machine && r.scope() == Preferred && r.Failed == nil {
			return r
		}
	}
	return Request{}
}

// chosen returns the pair to which a request sets the preferred presence; empty:
// it clears it.
func (r Request) chosen() string {
	if r.Action != "setUserPreferredPresence" {
		return ""
	}
	return r.members()
}

// readOther reports whether a computer has read another preferred presence since
// it set one.
func (x *excuses) readOther(who string, set Request, until time.Duration) bool {
	return slices.ContainsFunc(x.run.Requests, func(r Request) bool {
		return r.Machine == set.Machine && r.scope() == Read && r.Failed == nil && r.At > set.End+settle && r.At < until && x.run.before(who, r.At+1).Preferred != set.chosen()
	})
}

// nextChoice returns when the person chooses next, anywhere.
func (x *excuses) nextChoice(after time.Duration) time.Duration {
	for _, e := range x.run.Facts {
		if e.At > after && (e.Kind == Choose || e.Kind == Choice) {
			return e.At
		}
	}
	return dayLength
}

// pair returns the pair to which a request sets a session; empty: to none.
func (r Request) pair() string {
	if r.Action != "setPresence" {
		return ""
	}
	return r.members()
}

// members returns the pair in a request's body.
func (r Request) members() string {
	var body struct{ Availability, Activity string }
	if json.Unmarshal([]byte(r.Body), &body) != nil {
		return ""
	}
	return body.Availability + "/" + body.Activity
}

// sets reports whether a request sets a session to a pair.
func (r Request) sets(pair string) bool {
	return strings.Contains(r.Body, members(pair))
}
