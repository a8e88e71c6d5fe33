package day

import (
	"slices"
	"strings"
	"time"
)

// never is an instant that does not come.
const never = 1000 * time.Hour

// hypothesis is one way to understand what has happened up to now: where nobody
// but the person could say what they meant, there are several, and whatever fits
// one of them is right. All instants are true time since the day began.
type hypothesis struct {
	policy Policy
	at     time.Duration
	// One computer.
	on, asleep, running      bool
	slept                    time.Duration // since when it is asleep
	account                  string        // whose session is stored
	inUse, locked, elsewhere bool
	seen                     bool // the person was seen since the computer was switched on
	lastInput                time.Duration
	calls                    []string // the earliest first
	choice                   wish
	ahead                    time.Duration // of the clock that says when work begins
	// Everybody at Microsoft.
	people [2]holder
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
func (h *hypothesis) chosen() string { return pairs[h.choice.status] }

// text returns the text that heliograph should show if it runs.
func (h *hypothesis) text() string {
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
	switch e.Kind {
	case Choose:
		return h.choose(e)
	case Choice:
		return h.chosenInTeams(e)
	case Note:
		return h.noted(e)
	case SignedIn:
		return h.signedIn(e.Who)
	case SignOut:
		h.account = ""
	case Start:
		h.running = true
	case Quit, Kill:
		h.running = false
	case Clock:
		return h.stepped(e.Span)
	default:
		h.sit(e)
	}
	return nil
}

// sit follows what the person does at the computer.
func (h *hypothesis) sit(e Event) {
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
	case CallBegins:
		h.calls = append(slices.Clone(h.calls), e.App)
	case CallEnds:
		h.calls = slices.DeleteFunc(slices.Clone(h.calls), func(a string) bool { return a == e.App })
	}
}

// choose: the newest action of the person wins, over Teams too.
func (h *hypothesis) choose(e Event) []hypothesis {
	h.choice = wish{status: e.Status, text: e.Text, since: e.At, until: never}
	if e.Span > 0 {
		h.choice.until = e.At + e.Span
	}
	if h.account == "" {
		return nil
	}
	p := &h.people[number(h.account)]
	if e.Text != "" {
		p.kept = false
	}
	if h.chosen() == "" || p.theirs == "" {
		return nil
	}
	before := *h
	p.theirs = ""
	if e.Unwritten {
		return []hypothesis{before} // what was chosen in Teams may still be there
	}
	return nil
}

// chosenInTeams: the newest action wins, over the choice that is saved for the
// next start too.
func (h *hypothesis) chosenInTeams(e Event) []hypothesis {
	p := &h.people[number(e.Who)]
	mine := h.account == e.Who && h.chosen() != ""
	before := *h
	p.theirs, p.theirsSince, p.theirsUntil = "", e.At, e.At+24*time.Hour
	if e.Status != "" {
		p.theirs = preferredOf(e.Status)
	}
	if !mine {
		return nil
	}
	h.choice = wish{}
	switch {
	case e.Status == "" && !h.running, // nothing may have been there to reset
		p.theirs == before.chosen(): // the same value: Graph does not say whose it is
		return []hypothesis{before}
	}
	return nil
}

// noted: a note written while a text of heliograph is wanted is newer than it.
func (h *hypothesis) noted(e Event) []hypothesis {
	p := &h.people[number(e.Who)]
	p.note, p.noteUntil = e.Text, never
	if e.Span > 0 {
		p.noteUntil = (e.At + e.Span).Truncate(time.Second) // as Teams does it
	}
	if h.text() == "" {
		return nil
	}
	p.kept = true
	if h.account == e.Who && h.running && !h.asleep {
		return nil
	}
	// Heliograph was not there to see whether the text came first.
	other := *h
	other.people[number(e.Who)].kept = false
	return []hypothesis{other}
}

// signedIn: the choice follows the person to another account.
func (h *hypothesis) signedIn(who string) []hypothesis {
	h.account = who
	p := &h.people[number(who)]
	if p.theirs == "" || h.chosen() == "" {
		return nil
	}
	if p.theirsSince > h.choice.since {
		h.choice = wish{}
		return nil
	}
	// Graph does not say when a choice was made in Teams: it may look newer.
	other := *h
	other.choice = wish{}
	p.theirs = ""
	return []hypothesis{other}
}

// stepped: whether a choice "for an hour" or "until ten" was meant is not known,
// nor whether the clock was right before or after.
func (h *hypothesis) stepped(by time.Duration) []hypothesis {
	timed := h.choice.status != "" && h.choice.until != never
	if !timed && h.policy.To == 0 {
		return nil
	}
	other := *h
	other.ahead += by
	if timed {
		other.choice.until -= by
	}
	return []hypothesis{other}
}

// advance lets time pass up to now.
func (h *hypothesis) advance(now time.Duration) {
	h.at = now
	if h.choice.status != "" && now >= h.choice.until {
		h.choice = wish{}
	}
	for i := range h.people {
		p := &h.people[i]
		if p.theirs != "" && now >= p.theirsUntil {
			p.theirs = ""
		}
		if p.note != "" && now >= p.noteUntil {
			p.note = ""
		}
		if h.text() == "" {
			p.kept = false
		}
	}
}

// next returns when time alone changes something.
func (h *hypothesis) next() time.Duration {
	at := time.Duration(never)
	add := func(t time.Duration) {
		if t > h.at && t < at {
			at = t
		}
	}
	add(h.choice.until)
	if h.asleep {
		add(h.slept + textLasts)
	}
	add(h.lastInput + h.policy.AwayAfter)
	for _, p := range h.people {
		add(p.theirsUntil)
		add(p.noteUntil)
	}
	if h.policy.To > 0 {
		for day := -1; day <= 2; day++ {
			midnight := (h.at + h.ahead + dayBegins).Truncate(24*time.Hour) + time.Duration(day)*24*time.Hour - dayBegins - h.ahead
			add(midnight + time.Duration(h.policy.From)*time.Minute)
			add(midnight + time.Duration(h.policy.To)*time.Minute)
		}
	}
	return at
}

// Ideal is what a colleague should see of one person, made of its parts.
type Ideal struct {
	own    string // the session of heliograph; empty: none
	slot   string // the preferred presence; empty: none
	theirs bool   // it was chosen in Teams
	text   string // the status message
	ours   bool   // it is heliograph's
}

// ideal returns what colleagues should see of a person now.
func (h *hypothesis) ideal(who string) Ideal {
	p := h.people[number(who)]
	out := Ideal{slot: p.theirs, theirs: p.theirs != "", text: p.note}
	if !h.running || h.account != who || h.choice.status == "paused" {
		return out
	}
	if c := h.chosen(); c != "" {
		out.slot, out.theirs = c, false
	}
	if h.asleep {
		if c := h.choice; h.chosen() != "" && c.text != "" && !p.kept {
			out.text, out.ours = c.text, true
		}
		return out
	}
	out.own = h.session()
	if text := h.text(); text != "" && !p.kept && (h.chosen() != "" || h.working() && !h.elsewhere) {
		out.text, out.ours = text, true
	}
	return out
}

// session returns the pair of the session while heliograph runs and the computer
// is awake.
func (h *hypothesis) session() string {
	out := h.automatic()
	if out == "" && h.chosen() != "" {
		return "Available/Available" // a preferred presence needs a session
	}
	return out
}

func (h *hypothesis) automatic() string {
	switch {
	case h.chosen() == "" && !h.working():
		return ""
	case h.elsewhere:
		return "Away/Away"
	case len(h.calls) > 0 && h.calls[0] == teamsApp:
		return "Available/Available"
	case len(h.calls) >= 2:
		return "Busy/InAConferenceCall"
	case len(h.calls) == 1:
		return "Busy/InACall"
	case h.locked && h.policy.AwayWhenLocked:
		return "Away/Away"
	case h.inUse:
		return "Available/Available"
	case !h.seen:
		return ""
	case h.at >= h.lastInput+h.policy.AwayAfter:
		return "Away/Away"
	}
	return "Available/Available"
}

// working reports whether it is working time.
func (h *hypothesis) working() bool {
	if h.policy.To == 0 {
		return true
	}
	const days = 400 * 24 * time.Hour // so that a clock that was set back is not before them
	minute := int((h.at+h.ahead+dayBegins+days)/time.Minute) % (24 * 60)
	return minute >= h.policy.From && minute < h.policy.To
}

// shows returns what a colleague sees of sessions and a preferred presence, as
// Microsoft documents it: one of several, where two sessions rank alike.
func (i Ideal) shows(clients string) []string {
	all := strings.Split(clients, ",")
	if i.own != "" {
		all = append(all, i.own)
	}
	best, top := []string{"Offline/Offline"}, 0
	for _, pair := range all {
		switch r := rank(pair); {
		case r > top:
			best, top = []string{pair}, r
		case r == top && r > 0:
			best = append(best, pair)
		}
	}
	if i.slot != "" && top > 0 {
		return []string{i.slot}
	}
	return best
}

// rank orders sessions.
func rank(pair string) int {
	availability, activity, _ := strings.Cut(pair, "/")
	switch {
	case availability == "DoNotDisturb":
		return 5
	case availability == "Busy":
		return 4
	case activity == "AvailableInactive":
		return 2
	case availability == "Available":
		return 3
	case availability == "Away", availability == "BeRightBack":
		return 1
	}
	return 0
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
	all := []hypothesis{{policy: p}}
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
		w := all[i].ideal(who)
		if !slices.Contains(ideals, w) {
			ideals = append(ideals, w)
		}
		if h := &all[i]; w.ours && h.asleep && now >= h.slept+textLasts {
			// Nobody renews it: it has ended, or will.
			if w.text, w.ours = "", false; !slices.Contains(ideals, w) {
				ideals = append(ideals, w)
			}
		}
	}
	if n := len(spans); n > 0 && slices.Equal(spans[n-1].Ideals, ideals) {
		return spans
	}
	return append(spans, Span{now, ideals})
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
	return h.choice == o.choice && h.people == o.people && h.account == o.account && h.ahead == o.ahead
}
