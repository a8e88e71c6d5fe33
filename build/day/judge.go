package day

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Wrong is a span in which a colleague sees something else than the truth.
type Wrong struct {
	From, To time.Duration
	Who      string
	Cause    string // what is wrong, and since what
	Excuse   string // why no client can do better; empty: it is avoidable
	Sees     string
	Should   string
}

// Length returns how long it lasts.
func (w Wrong) Length() time.Duration { return w.To - w.From }

// judge compares what was seen with the truth.
type judge struct {
	run     *Run
	excuses []Excuse
	who     string
	began   map[part]string // what is wrong now, by its first part: why
}

// Judge lists all that was wrong in a run, in order. A strategy that does not set
// status messages is not judged by them.
func Judge(run *Run, messages bool) ([]Wrong, map[string][]Span) {
	p := run.Script.Policy
	p.CallMessage = p.CallMessage && messages
	facts := seen(run)
	if !messages {
		for i := range facts {
			if facts[i].Kind == Choose {
				facts[i].Text = ""
			}
		}
	}
	people := slices.Sorted(maps.Keys(run.Trace))
	truth := Truth(p, facts, people)
	all := Excuses(run, facts, truth)
	var out []Wrong
	for _, who := range people {
		j := &judge{run: run, excuses: all, who: who, began: map[part]string{}}
		out = append(out, j.judge(truth[who], run.Trace[who])...)
	}
	slices.SortStableFunc(out, func(a, b Wrong) int { return cmp.Compare(a.From, b.From) })
	return out, truth
}

// judge walks over all instants at which anything changes.
func (j *judge) judge(truth []Span, seen []Moment) []Wrong {
	at := []time.Duration{dayLength}
	for _, s := range truth {
		at = append(at, s.At)
	}
	for _, m := range seen {
		at = append(at, m.At)
	}
	j.excuses = slices.DeleteFunc(slices.Clone(j.excuses), func(e Excuse) bool { return e.who != "" && e.who != j.who || e.from >= dayLength })
	for _, e := range j.excuses {
		at = append(at, e.from, e.to)
	}
	slices.Sort(at)
	at = slices.Compact(at)
	slices.SortFunc(j.excuses, func(a, b Excuse) int { return cmp.Compare(a.from, b.from) })
	var out []Wrong
	t, m := 0, 0
	for i := 0; i+1 < len(at) && at[i] < dayLength; i++ {
		for t+1 < len(truth) && truth[t+1].At <= at[i] {
			t++
		}
		for m+1 < len(seen) && seen[m+1].At <= at[i] {
			m++
		}
		if w, bad := j.compare(at[i], truth[t], seen[m]); bad {
			w.To = min(at[i+1], dayLength)
			out = join(out, w)
		}
	}
	return out
}

// join appends w, to the last span if it only continues that.
func join(out []Wrong, w Wrong) []Wrong {
	if n := len(out); n > 0 {
		last := &out[n-1]
		if last.To == w.From && last.Cause == w.Cause && last.Excuse == w.Excuse && last.Sees == w.Sees && last.Should == w.Should {
			last.To = w.To
			return out
		}
	}
	return append(out, w)
}

// compare judges one instant: right is what fits one of the ideals.
func (j *judge) compare(at time.Duration, truth Span, seen Moment) (Wrong, bool) {
	var best part
	var ideal Ideal
	for i, w := range truth.Ideals {
		bad := wrongParts(w, seen)
		if bad == 0 {
			clear(j.began)
			return Wrong{}, false
		}
		if i == 0 || count(bad) < count(best) {
			best, ideal = bad, w
		}
	}
	w := Wrong{From: at, Who: j.who, Cause: j.cause(at, best, ideal, seen), Sees: sight(seen), Should: ideal.sight(seen.Clients)}
	w.Excuse = j.excuse(at, best)
	return w, true
}

// cause names what is wrong with the first part that is, and why. It stays the
// same for as long as that part is wrong: what follows from it has no cause of its
// own.
func (j *judge) cause(at time.Duration, bad part, w Ideal, m Moment) string {
	for _, p := range []part{slot, session, message} {
		if bad&p == 0 {
			delete(j.began, p)
		}
	}
	for _, p := range []part{slot, session, message} {
		if bad&p == 0 {
			continue
		}
		if j.began[p] == "" {
			j.began[p] = whatIsWrong(bad, w, m) + ", " + j.why(at, p)
		}
		return j.began[p]
	}
	return ""
}

// why names the write that has made a part wrong, else what has happened before.
func (j *judge) why(at time.Duration, p part) string {
	for _, r := range slices.Backward(j.run.Requests) {
		if r.At <= at && at <= max(r.End, r.At+j.run.Script.RoundTrip) && r.scope() != Read && r.scope() != Token && partsOf(r.scope()) == p && !j.changed(at) {
			return "by " + r.Action
		}
	}
	return "after " + j.since(at)
}

// changed reports whether something else than a write happened at an instant.
func (j *judge) changed(at time.Duration) bool {
	return slices.ContainsFunc(j.run.Facts, func(e Event) bool { return e.At == at })
}

func sight(m Moment) string {
	return describe(m.Shown, m.Preferred, m.Message)
}

func (i Ideal) sight(clients string) string {
	return describe(strings.Join(i.shows(clients), " or "), i.slot, i.text)
}

func describe(shown, preferred, text string) string {
	if preferred != "" && preferred != shown {
		shown += " (chosen: " + preferred + ")"
	}
	if text != "" {
		shown += " “" + text + "”"
	}
	return shown
}

func count(p part) int { return int(p&1 + p>>1&1 + p>>2&1) }

// wrongParts returns what a colleague sees wrong, and a choice that is left for
// them to see as soon as a session lives.
func wrongParts(w Ideal, m Moment) (bad part) {
	slotBad := m.Preferred != w.slot
	shownBad := !slices.Contains(w.shows(m.Clients), m.Shown)
	if slotBad && (shownBad || w.theirs || w.slot == "" || m.Preferred != "") {
		bad |= slot
	}
	if shownBad {
		lives := (m.Own == "") == (w.own == "")
		// A choice that is left can only be recognised while a session lives, which
		// therefore goes last.
		waits := bad&slot != 0 && w.slot == "" && w.own == ""
		if !waits && !lives || (m.Preferred == "" && w.slot == "" && m.Own != w.own) || bad == 0 {
			bad |= session
		}
	}
	if m.Message != w.text {
		bad |= message
	}
	return bad
}

// whatIsWrong names the first of the parts that are wrong.
func whatIsWrong(bad part, w Ideal, m Moment) string {
	ours := func(text string) bool { return strings.HasPrefix(text, "On a ") || strings.HasPrefix(text, "Writing ") }
	switch {
	case bad&slot != 0 && w.theirs && m.Preferred == "":
		return "a choice made in Teams was removed"
	case bad&slot != 0 && w.theirs:
		return "a choice made in Teams was overwritten"
	case bad&slot != 0 && w.slot == "":
		return "a choice is left"
	case bad&slot != 0:
		return "a choice is not shown"
	case bad&session != 0 && w.own == "":
		return "a session is left"
	case bad&session != 0 && m.Own == "":
		return "no session"
	case bad&session != 0:
		return "another presence than what the person does"
	case w.ours:
		return "the text is not shown"
	case ours(m.Message):
		return "a text of ours is over the person's own"
	case m.Message == "":
		return "the person's own text is lost"
	}
	return "an old text is shown"
}

// recent is how long ago something unusual may have been the cause; justNow, how
// long ago anything is taken for it.
const (
	recent  = 15 * time.Minute
	justNow = 10 * time.Second
)

// since names what has happened before something went wrong: the latest trouble,
// else the latest thing that somebody did.
func (j *judge) since(at time.Duration) string {
	for _, r := range slices.Backward(j.run.Requests) {
		if r.Failed != nil && r.At <= at && at-r.End < recent {
			return r.Failed.label()
		}
	}
	for _, t := range j.run.Script.Troubles {
		if t.Kind == Lag && t.From <= at && at < t.To+recent {
			return t.label()
		}
	}
	plain := func(e Event) bool { return e.Kind != AppOpens && e.Kind != AppCloses && e.Kind != Client }
	for _, e := range slices.Backward(j.run.Facts) {
		if e.At <= at && at-e.At < justNow && plain(e) {
			return e.cause()
		}
	}
	rare := []Kind{Clock, Stall, SignedIn, SignOut, Start, Quit, Kill, PowerOff, Sleep, Wake, Choice, Note}
	for _, e := range slices.Backward(j.run.Facts) {
		if e.At <= at && at-e.At < recent && slices.Contains(rare, e.Kind) {
			return e.cause()
		}
	}
	for _, e := range slices.Backward(j.run.Facts) {
		if e.At <= at && plain(e) {
			return e.cause()
		}
	}
	return "nothing"
}

// cause names an event in the table of causes.
func (e Event) cause() string {
	names := map[Kind]string{Clock: "a clock set ahead", Stall: "a stop without notice", SignedIn: "a sign-in", SignOut: "a sign-out",
		Start: "a start", Quit: "quit", Kill: "a kill", PowerOff: "a loss of power", Sleep: "sleep", Wake: "waking", Choice: "a choice in Teams",
		Note: "a note of the person", Choose: "a choice", CallBegins: "a call", CallEnds: "the end of a call"}
	switch {
	case e.Kind == Clock && e.Span < 0:
		return "a clock set back"
	case names[e.Kind] != "":
		return names[e.Kind]
	}
	return "input or rest"
}

// excuse returns why no client can do better now; empty: one can.
func (j *judge) excuse(at time.Duration, bad part) string {
	reason := ""
	for _, e := range j.excuses {
		if e.from > at {
			break
		}
		if at < e.to && e.parts&bad != 0 {
			bad &^= e.parts
			if reason == "" {
				reason = e.reason
			}
			if bad == 0 {
				return reason
			}
		}
	}
	return ""
}
