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
	calls                    []string // the earliest first
	callSince                time.Duration
	choice                   wish
	revoked                  bool // an administrator has ended that
	// mute: that is so, and the person has signed in at the other computer again.
	mute   bool
	missed wish          // the choice that ended while heliograph was off
	unseen wish          // the choice that one in Teams ended while it was off or asleep
	ahead  time.Duration // of the clock that says when work begins
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
	// kept: the note was written while a text of heliograph was wanted, so that
	// it stays for as long as one is wanted.
	kept bool
}

// number returns the index of a person.
func number(who string) int {
	if who == Grace {
		return 1
	}
	return 0
}

// pairs are what each status shows as a preferred presence.
var pairs = map[string]string{"available": "Available/Available", "busy": "Busy/Busy", "dnd": "DoNotDisturb/DoNotDisturb",
	"brb": "BeRightBack/BeRightBack", "away": "Away/Away", "offline": "Offline/OffWork"}

// preferredOf returns the pair of a choice made in Teams.
func preferredOf(status string) string {
	if status == "Offline" {
		return "Offline/OffWork"
	}
	return status + "/" + status
}

// chosen returns the pair of the choice in heliograph; empty: there is none.
func (h *place) chosen() string { return pairs[h.choice.status] }

// text returns the text that heliograph should show if it runs.
func (h *place) text() string {
	if h.chosen() != "" && h.choice.text != "" {
		return h.choice.text
	}
	if h.policy.CallMessage && len(h.calls) > 0 && h.calls[0] != teamsApp {
		return "On a " + h.calls[0] + " call"
	}
	return ""
}

// apply follows an event, which happens now. It returns further hypotheses.
func (h *hypothesis) apply(e Event) []hypothesis {
	if e.Unseen {
		e.Unseen = false
		other := *h
		return append(h.apply(e), other)
	}
	here := &h.places[e.Machine]
	switch e.Kind {
	case Choose:
		return h.choose(e)
	case Choice:
		return h.chosenInTeams(e)
	case Note:
		return h.noted(e)
	case SignedIn:
		return h.signedIn(e)
	case SignOut:
		here.account = ""
	case Start:
		here.running, here.missed, here.unseen = true, wish{}, wish{}
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
	case Sleep:
		h.asleep, h.slept = true, e.At
		use(false)
	case Wake:
		h.asleep = false
		if h.running {
			h.unseen = wish{}
		}
	case CallBegins:
		if len(h.calls) == 0 {
			h.callSince = e.At
		}
		h.calls = append(slices.Clone(h.calls), e.App)
	case CallEnds:
		h.calls = slices.DeleteFunc(slices.Clone(h.calls), func(a string) bool { return a == e.App })
	}
}

// off reports that heliograph cannot see what the person does in Teams.
func (h *place) off() bool { return !h.running || h.asleep }

// choose: the newest action of the person wins, over Teams too.
func (h *hypothesis) choose(e Event) []hypothesis {
	here := &h.places[e.Machine]
	here.choice = wish{status: e.Status, text: e.Text, since: e.At, until: never}
	if e.Span > 0 {
		here.choice.until = e.At + e.Span
	}
	if here.account == "" {
		return nil
	}
	p := &h.people[number(here.account)]
	if e.Text != "" {
		p.kept = false
	}
	if here.chosen() == "" {
		return nil
	}
	before := *h
	p.theirs = ""
	there := &h.places[1-e.Machine]
	replaced := there.account == here.account && there.chosen() != ""
	if replaced {
		there.choice = wish{} // as after a choice in Teams
	}
	// What was there may be there still, or the other computer may not know.
	if before.people != h.people && e.Unwritten || replaced && (e.Unwritten || !there.running || there.asleep) {
		return []hypothesis{before}
	}
	return nil
}

// chosenInTeams: the newest action wins, over the choice that is saved for the
// next start too.
func (h *hypothesis) chosenInTeams(e Event) []hypothesis {
	for i := range h.places {
		if at := &h.places[i]; at.off() && at.account == e.Who && at.chosen() == "" && at.unseen.until > e.At {
			at.choice = at.unseen // heliograph never sees the choice in Teams that ended it
		}
	}
	p := &h.people[number(e.Who)]
	before := *h
	p.theirs, p.theirsSince, p.theirsUntil = "", e.At, e.At+24*time.Hour
	if e.Status != "" {
		p.theirs = preferredOf(e.Status)
	}
	unclear, looksAlike := false, false
	for i := range h.places {
		at := &h.places[i]
		if at.account != e.Who || at.chosen() == "" {
			continue
		}
		off := at.off()
		if off {
			at.unseen = at.choice
		}
		unclear = unclear || e.Status == "" && off || // nothing may have been there to reset
			e.Status == "" && at.chosen() == at.session() || // the session looks like the choice
			p.theirs == at.chosen() // the same value: Graph does not say whose it is
		// When heliograph is back, or was about to set its own, it sees what its
		// session shows as well; and once the sign-in was revoked it sees nothing.
		looksAlike = looksAlike || (off || e.Empty) && (e.Status == "Available" || e.Status == "Away") || at.revoked
		at.choice = wish{}
	}
	switch {
	case unclear:
		return []hypothesis{before}
	case looksAlike:
		kept := before
		kept.people[number(e.Who)] = *p
		return []hypothesis{before, kept}
	}
	return nil
}

// noted: a note written while a text of heliograph is wanted is newer than it.
func (h *hypothesis) noted(e Event) []hypothesis {
	p := &h.people[number(e.Who)]
	was := *p
	p.note, p.noteUntil = e.Text, never
	if e.Span > 0 {
		p.noteUntil = (e.At + e.Span).Truncate(time.Second) // as Teams does it
	}
	if !h.wantText() {
		return nil
	}
	p.kept = true
	if e.Text == "" {
		// Only heliograph's text may be meant, and not the note before it.
		was.kept = true
		other := *h
		other.people[number(e.Who)] = was
		return []hypothesis{other}
	}
	if slices.ContainsFunc(h.places[:], func(at place) bool { return at.account == e.Who && at.running && !at.asleep && at.text() != "" }) {
		return nil
	}
	// Heliograph was not there to see whether the text came first.
	other := *h
	other.people[number(e.Who)].kept = false
	return []hypothesis{other}
}

// signedIn: the choice follows the person to another account.
func (h *hypothesis) signedIn(e Event) []hypothesis {
	here := &h.places[e.Machine]
	here.account, here.revoked, here.mute = e.Who, false, false
	p := &h.people[number(e.Who)]
	there := h.places[1-e.Machine]
	h.places[1-e.Machine].mute = there.mute || there.revoked && there.account == e.Who
	elsewhere := there.account == e.Who && there.chosen() != ""
	if here.chosen() == "" || p.theirs == "" && !elsewhere {
		return nil
	}
	if p.theirs != "" && p.theirsSince > here.choice.since {
		here.choice = wish{}
		return nil
	}
	// Graph does not say when a choice was made in Teams: it may look newer. The
	// other computer's looks the same.
	other := *h
	other.places[e.Machine].choice = wish{}
	p.theirs = ""
	if elsewhere {
		h.places[1-e.Machine].choice = wish{}
	}
	return []hypothesis{other}
}

// wantText reports whether a text is wanted at any computer.
func (h *hypothesis) wantText() bool {
	return slices.ContainsFunc(h.places[:], func(at place) bool { return at.text() != "" })
}

// stepped: whether a choice "for an hour" or "until ten" was meant is not known,
// nor whether the clock was right before or after.
func (h *hypothesis) stepped(e Event) []hypothesis {
	here := h.places[e.Machine]
	if here.missed.status != "" && here.choice.status == "" {
		here.choice = here.missed // by the new clock it may not have ended
	}
	timed := here.choice.status != "" && here.choice.until != never
	if !timed && here.policy.To == 0 {
		return nil
	}
	here.ahead += e.Span
	if timed {
		here.choice.until -= e.Span
	}
	other := *h
	other.places[e.Machine] = here
	return []hypothesis{other}
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
	for i := range h.people {
		p := &h.people[i]
		if p.theirs != "" && now >= p.theirsUntil {
			p.theirs = ""
		}
		if p.note != "" && now >= p.noteUntil {
			p.note = ""
		}
		if !h.wantText() {
			p.kept = false
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
const mostHypotheses = 16

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
		if a.choice != b.choice || a.account != b.account || a.ahead != b.ahead {
			return false
		}
	}
	return h.people == o.people
}
