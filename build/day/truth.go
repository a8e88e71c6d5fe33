package day

import (
	"slices"
	"time"
)

// never is an instant that does not come.
const never = 1000 * time.Hour

// hypothesis is one way to understand what has happened up to now: where nobody
// but the person could say what they meant, there are several, and whatever fits
// one of them is right. All instants are true time since the day began.
type hypothesis struct {
	places [2]place  // the computers
	people [2]holder // everybody at Microsoft
}

// place is one computer.
type place struct {
	policy                   Policy
	at                       time.Duration
	on, asleep, running      bool
	slept                    time.Duration // since when it is asleep
	account                  string        // whose session is stored
	inUse, locked, elsewhere bool
	seen                     bool // the person was seen since the computer was switched on
	lastInput                time.Duration
	calls                    []string      // the earliest first
	called, calledBefore     time.Duration // since when there are any, and the ones before
	stopped                  time.Duration // until when the process is stopped
	yielded                  string        // the text that yielded to the person's when heliograph ended
	choice                   wish
	revoked                  bool // an administrator has ended that
	mute                     bool // so it is, and the person has signed in at the other computer again
	missed                   wish // the choice that ended while heliograph was off
	replaced                 wish // the choice that one in Teams has ended
	replacedAt               time.Duration
	gone                     time.Duration // since when heliograph is off or asleep, if it is
	ahead                    time.Duration // of the clock that says when work begins
	// outdone: the other computer has shown a newer text, which looked here like a
	// message that the person wrote: ours may be given up for as long as it is wanted.
	outdone bool
	givenUp bool // set by ideals alone: our text is not shown
}

// wish is a choice made in heliograph.
type wish struct {
	status, text string
	since, until time.Duration
}

// holder is one person's own things at Microsoft, which heliograph never made.
type holder struct {
	theirs      string // the choice made in Teams; empty: none
	theirsSince time.Duration
	theirsUntil time.Duration
	note        string
	noteUntil   time.Duration
	noteAt      time.Duration // when it was written or removed
	known       string        // the note that heliograph has read
	knownUntil  time.Duration
}

// number returns the index of a person.
func number(who string) int {
	if who == Grace {
		return 1
	}
	return 0
}

// off reports that heliograph cannot see what the person does in Teams.
func (h *place) off() bool { return !h.running || h.asleep }

// apply follows an event, which happens now. It returns further hypotheses.
func (h *hypothesis) apply(e Event) []hypothesis {
	if e.Unseen {
		e.Unseen = false
		other := *h
		return append(h.apply(e), other)
	}
	here := &h.places[e.Machine]
	if slices.Contains([]Kind{Quit, Kill, PowerOff, Sleep}, e.Kind) && !here.off() {
		here.gone = e.At
		here.stops(h)
	}
	switch e.Kind {
	case Choose:
		return h.choose(e)
	case Choice:
		return h.chosenInTeams(e)
	case Note:
		return h.noted(e)
	case SignedIn:
		return append(h.signedIn(e), h.began(e)...)
	case SignOut:
		here.account = ""
	case Start:
		return h.started(e)
	case Quit, Kill:
		here.running = false
	case Clock:
		return h.stepped(e)
	case Revoke:
		for i := range h.places {
			h.places[i].revoked = h.places[i].revoked || h.places[i].account == e.Who
		}
	default:
		here.sit(e)
		more := h.began(e)
		if e.Kind == Wake {
			more = append(more, h.found(e)...)
		}
		return more
	}
	return nil
}

// sit follows what the person does at the computer.
func (h *place) sit(e Event) {
	use := func(does bool) { h.inUse, h.seen, h.lastInput = does, true, e.At }
	switch e.Kind {
	case PowerOn:
		h.on = true
	case PowerOff:
		h.on, h.asleep, h.running, h.inUse, h.locked, h.elsewhere, h.seen, h.calls = false, false, false, false, false, false, false, nil
	case Input:
		use(true)
	case Rest:
		use(false)
	case Lock:
		h.locked = true
		use(false)
	case Unlock:
		h.locked = false
		use(true)
	case Elsewhere:
		h.elsewhere = true
		use(false)
	case Returns:
		h.elsewhere = false
		use(true)
	case Stall:
		h.stopped = e.At + e.Span
	case Sleep:
		h.asleep, h.slept = true, e.At
		use(false)
	case Wake:
		h.asleep = false
	case CallBegins:
		if len(h.calls) == 0 {
			h.calledBefore, h.called = h.called, e.At
		}
		h.calls = append(slices.Clone(h.calls), e.App)
	case CallEnds:
		h.calls = slices.DeleteFunc(slices.Clone(h.calls), func(a string) bool { return a == e.App })
	}
}

// stepped: whether a choice "for an hour" or "until ten" was meant is not known,
// nor whether the clock was right before or after.
func (h *hypothesis) stepped(e Event) []hypothesis {
	here := h.places[e.Machine]
	missed := here.missed.status != "" && here.choice.status == ""
	if missed {
		here.choice = here.missed // by the new clock it may not have ended
	}
	all := []hypothesis{*h}
	if timed := here.choice.status != "" && here.choice.until != never; timed || here.policy.To != 0 {
		here.ahead += e.Span
		if timed {
			here.choice.until -= e.Span
		}
		other := *h
		other.places[e.Machine] = here
		all = append(all, other)
		if missed { // what was written while it had ended may be newer or older
			other.people[number(here.account)].noteAt = 0
			all = append(all, other)
		}
	}
	for _, other := range all {
		if other.stepNote(e) {
			all = append(all, other)
		}
	}
	return all[1:]
}

// stepNote follows a stepped clock by which the person's own status message may
// have ended while heliograph's is over it, and reports whether that can be.
func (h *hypothesis) stepNote(e Event) bool {
	here := &h.places[e.Machine]
	p := &h.people[number(here.account)]
	switch {
	case p.note == "" || p.noteUntil == never:
		return false
	case !here.running:
		p.noteUntil -= e.Span // its end is noted by the clock before
		return true
	case here.text() != "" && !here.yields(*p) && e.At+e.Span >= p.noteUntil:
		p.note = ""
		return true
	}
	return false
}

// advance lets time pass up to now.
func (h *hypothesis) advance(now time.Duration) {
	for i := range h.places {
		at := &h.places[i]
		at.at = now
		if at.choice.status != "" && now >= at.choice.until {
			if !at.running {
				at.missed = at.choice
			}
			at.choice = wish{}
		}
	}
	for i := range h.places {
		at, other := &h.places[i], &h.places[1-i]
		newer := other.running && other.account == at.account && other.shownText() != "" && other.textSince() > at.textSince()
		at.outdone = at.text() != "" && (at.outdone || newer)
	}
	for i := range h.people {
		p := &h.people[i]
		if p.theirs != "" && now >= p.theirsUntil {
			p.theirs = ""
		}
		if p.note != "" && now >= p.noteUntil {
			p.note = ""
		}
	}
}

// next returns when time alone changes something.
func (h *hypothesis) next() time.Duration {
	next := time.Duration(never)
	now := h.places[0].at
	add := func(t time.Duration) {
		if t > now && t < next {
			next = t
		}
	}
	for _, at := range h.places {
		at.changes(add)
	}
	for _, p := range h.people {
		add(p.theirsUntil)
		add(p.noteUntil)
	}
	return next
}

// changes lists when time alone changes something at a computer.
func (h *place) changes(add func(time.Duration)) {
	add(h.choice.until)
	if h.asleep {
		add(h.slept + textLasts)
		add(h.slept + renewsSlot)
	}
	add(h.lastInput + h.policy.AwayAfter)
	if h.policy.To > 0 {
		for day := -1; day <= 2; day++ {
			midnight := (h.at + h.ahead + dayBegins).Truncate(24*time.Hour) + time.Duration(day)*24*time.Hour - dayBegins - h.ahead
			add(midnight + time.Duration(h.policy.From)*time.Minute)
			add(midnight + time.Duration(h.policy.To)*time.Minute)
		}
	}
}

// Span is the ideals of one person from an instant on: one for each hypothesis.
type Span struct {
	At     time.Duration
	Ideals []Ideal
}

// textLasts is how long a text of heliograph lasts at least that is not renewed.
const textLasts = 15 * time.Minute

// mostHypotheses bounds them; the oldest are kept.
const mostHypotheses = 48

// Truth returns what colleagues should see of each person over the day.
func Truth(p Policy, facts []Event, people []string) map[string][]Span {
	all := []hypothesis{{places: [2]place{{policy: p}, {policy: p}}}}
	out := map[string][]Span{}
	now := time.Duration(0)
	for i := 0; now < dayLength; {
		for j := range all {
			all[j].advance(now)
		}
		for ; i < len(facts) && facts[i].At <= now; i++ {
			for j := range all {
				all = append(all, all[j].apply(facts[i])...)
			}
			all = distinct(all)
		}
		for j := range all {
			all[j].advance(now)
		}
		for _, who := range people {
			out[who] = extend(out[who], now, all, who)
		}
		now = dayLength
		if i < len(facts) {
			now = min(now, facts[i].At)
		}
		for j := range all {
			now = min(now, all[j].next())
		}
	}
	return out
}

// extend adds the ideals at an instant, if they are new.
func extend(spans []Span, now time.Duration, all []hypothesis, who string) []Span {
	var ideals []Ideal
	for i := range all {
		for _, w := range all[i].ideals(who, now) {
			if !slices.Contains(ideals, w) {
				ideals = append(ideals, w)
			}
		}
	}
	if n := len(spans); n > 0 && slices.Equal(spans[n-1].Ideals, ideals) {
		return spans
	}
	return append(spans, Span{now, ideals})
}

// cannotRenew reports that every computer that shows a text has slept for so
// long that the text may have ended, or that it cannot speak.
func (h *hypothesis) cannotRenew(now time.Duration) bool {
	for i := range h.places {
		at := &h.places[i]
		if at.running && at.shownText() != "" && !at.mute && (!at.asleep || now < at.slept+textLasts) {
			return false
		}
	}
	return true
}

// distinct drops hypotheses that have become the same.
func distinct(all []hypothesis) []hypothesis {
	var out []hypothesis
	for _, h := range all {
		if !slices.ContainsFunc(out, h.same) && len(out) < mostHypotheses {
			out = append(out, h)
		}
	}
	return out
}

func (h hypothesis) same(o hypothesis) bool {
	for i := range h.places {
		a, b := h.places[i], o.places[i]
		if a.choice != b.choice || a.replaced != b.replaced || a.called != b.called || a.yielded != b.yielded || a.account != b.account || a.ahead != b.ahead {
			return false
		}
	}
	return h.people == o.people
}
