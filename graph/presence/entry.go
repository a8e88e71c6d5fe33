package presence

import (
	"slices"
	"strings"
	"time"
)

// Value is what is set of one thing at Graph: a pair, or the text of a status
// message. The zero Value means that nothing is set.
type Value struct {
	Pair Pair   `json:"pair,omitzero"`
	Text string `json:"text,omitempty"`
}

// Zero reports whether v means that nothing is set.
func (v Value) Zero() bool { return v == Value{} }

// Write is one request that set, or with a zero Value cleared, a thing.
type Write struct {
	Value
	// At is when the request left.
	At time.Time `json:"at"`
	// Graph drops the value at Expires, or later: the request may have arrived
	// later than it left, and the clock may have been wrong. By Gone it has
	// certainly dropped it. Both are zero for a cleared thing.
	Expires time.Time `json:"expires,omitzero"`
	Gone    time.Time `json:"gone,omitzero"`
	// Ends is when Graph drops a status message, by its clock.
	Ends time.Time `json:"ends,omitzero"`
	// Accepted reports that Graph has accepted it.
	Accepted bool `json:"accepted,omitempty"`
	// Late is until when a request that got no answer may still arrive; zero: it
	// was answered.
	Late time.Time `json:"late,omitzero"`
}

// Entry is what the ledger knows of one thing: every value of ours that may be
// at Graph. Its methods never change a list in place, so that a copy of an Entry
// stays what it was.
type Entry struct {
	// Writes are those whose value may be there, the newest last. None: nothing
	// of ours is there.
	Writes []Write `json:"writes,omitempty"`
	// Sure reports that Graph has accepted the newest, so that only requests
	// that are late can have replaced it.
	Sure bool `json:"sure,omitempty"`
	// Replaced are values of ours that are gone, but that a read may still show.
	Replaced []Replaced `json:"replaced,omitempty"`

	doubts int // how often doubt was called
}

// Replaced is a value that no read shows any more from Until on.
type Replaced struct {
	Value
	Until time.Time `json:"until"`
}

// note remembers a value that was replaced at now.
func (e *Entry) note(v Value, now time.Time) {
	e.Replaced = slices.DeleteFunc(slices.Clone(e.Replaced), func(p Replaced) bool { return p.Value == v || !now.Before(p.Until) })
	e.Replaced = append(e.Replaced, Replaced{v, now.Add(settleTime)})
}

// recently reports whether a matching value was replaced so recently that a read
// may still show it.
func (e Entry) recently(match func(Value) bool, now time.Time) bool {
	return slices.ContainsFunc(e.Replaced, func(p Replaced) bool { return now.Before(p.Until) && match(p.Value) })
}

// empty reports that nothing of ours is there.
func (e Entry) empty() bool { return len(e.Writes) == 0 }

// ended reports that ours was there, and is gone without a request.
func (e Entry) ended() bool { return len(e.Writes) == 1 && e.newest().Zero() && !e.newest().Accepted }

// newest returns the last write; zero: there is none.
func (e Entry) newest() Write {
	if e.empty() {
		return Write{}
	}
	return e.Writes[len(e.Writes)-1]
}

// known reports that v is at Graph, and has not expired at now.
func (e Entry) known(v Value, now time.Time) bool {
	if e.empty() {
		return v.Zero()
	}
	w := e.newest()
	return e.Sure && w.Value == v && (w.Expires.IsZero() || now.Before(w.Expires)) && !e.overdue(now)
}

// overdue reports that an earlier request which got no answer may have arrived
// after the newest was accepted, so that the newest must be posted again.
func (e Entry) overdue(now time.Time) bool {
	at := e.lastLate()
	return !at.IsZero() && !now.Before(at)
}

// lastLate returns until when earlier requests for another value than the newest
// may still arrive; zero: none can.
func (e Entry) lastLate() time.Time {
	var at time.Time
	for _, w := range e.Writes[:max(0, len(e.Writes)-1)] {
		if w.Value != e.newest().Value && w.Late.After(at) {
			at = w.Late
		}
	}
	return at
}

// has reports whether a value of ours that may be there matches.
func (e Entry) has(match func(Value) bool) bool {
	return slices.ContainsFunc(e.Writes, func(w Write) bool { return !w.Zero() && match(w.Value) })
}

// begin notes a write that is about to leave.
func (e *Entry) begin(w Write) {
	e.Writes, e.Sure = append(slices.Clone(e.Writes), w), false
}

// confirm notes that the newest write was accepted at now, and reports whether it
// has replaced another value.
func (e *Entry) confirm(now time.Time) (replaced bool) {
	newest := e.newest()
	newest.Accepted, newest.Late = true, time.Time{}
	if !newest.Gone.IsZero() { // it arrived before its answer did
		newest.Gone = earlier(newest.Gone, newest.Expires.Add(now.Sub(newest.At)+time.Second))
	}
	var kept []Write
	for _, w := range e.Writes[:len(e.Writes)-1] {
		if w.Late.After(newest.At) { // it may arrive after the newest did
			kept = append(kept, w)
		}
		if w.Value != newest.Value && !w.Zero() {
			e.note(w.Value, now)
			replaced = true
		}
	}
	if len(kept) > 0 || !newest.Zero() {
		kept = append(kept, newest)
	}
	e.Writes, e.Sure = kept, true
	return replaced
}

// refuse notes that the newest write cannot have had an effect; sure is what
// Sure was before it left.
func (e *Entry) refuse(sure bool) {
	e.Writes, e.Sure = slices.Clone(e.Writes[:len(e.Writes)-1]), sure
}

// lose notes that the outcome of the newest write is not known, and that it may
// arrive until late (zero: it has arrived or never will).
func (e *Entry) lose(late time.Time) {
	newest := e.newest()
	newest.Late = late
	if !late.IsZero() && !newest.Gone.IsZero() { // its lifetime counts from its arrival
		newest.Gone = later(newest.Gone, late.Add(newest.Expires.Sub(newest.At)))
	}
	var kept []Write
	for _, w := range e.Writes[:len(e.Writes)-1] {
		if w.Value != newest.Value {
			kept = append(kept, w)
			continue
		}
		newest.Expires, newest.Gone = later(w.Expires, newest.Expires), later(w.Gone, newest.Gone)
		newest.Late = later(w.Late, newest.Late)
	}
	e.Writes = append(kept, newest)
}

// doubt makes everything unknown.
func (e *Entry) doubt() {
	e.Sure = false
	e.doubts++
}

// disown makes everything unknown, and nothing count as accepted before.
func (e *Entry) disown() {
	e.doubt()
	e.each(func(w *Write) { w.Accepted = false })
}

// forget notes that nothing of ours is there.
func (e *Entry) forget() { *e = Entry{Replaced: e.Replaced, doubts: e.doubts} }

// expire forgets what Graph has certainly dropped by now, and reports whether
// there was any.
func (e *Entry) expire(now time.Time) bool {
	gone := func(w Write) bool { return !w.Gone.IsZero() && !now.Before(w.Gone) }
	if !slices.ContainsFunc(e.Writes, gone) {
		return false
	}
	if gone(e.newest()) || slices.ContainsFunc(e.Writes, func(w Write) bool { return gone(w) && !w.Late.IsZero() }) {
		e.Sure = false // or one that was late has replaced the newest
	}
	for _, w := range e.Writes {
		if gone(w) && !w.Zero() {
			e.note(w.Value, w.Gone) // a read may still show it for a while
		}
	}
	e.Writes = slices.DeleteFunc(slices.Clone(e.Writes), gone)
	if !e.has(func(Value) bool { return true }) {
		e.forget()
	}
	return true
}

// shift moves all instants by d, as a clock that was set back asks for.
func (e *Entry) shift(d time.Duration) {
	e.each(func(w *Write) {
		for _, at := range []*time.Time{&w.At, &w.Expires, &w.Gone, &w.Late} {
			moved(at, d)
		}
	})
	e.Replaced = slices.Clone(e.Replaced)
	for i := range e.Replaced {
		moved(&e.Replaced[i].Until, d)
	}
}

// stretch notes that the clock went forward by d, which may have been time that
// passed, or not.
func (e *Entry) stretch(d time.Duration) {
	e.each(func(w *Write) {
		moved(&w.Gone, d)
		moved(&w.Late, d)
	})
}

func (e *Entry) each(change func(*Write)) {
	e.Writes = slices.Clone(e.Writes)
	for i := range e.Writes {
		change(&e.Writes[i])
	}
}

// moved moves an instant, unless it is zero.
func moved(at *time.Time, d time.Duration) {
	if !at.IsZero() {
		*at = at.Add(d)
	}
}

// notAfter returns at, or the limit if at is later.
func notAfter(at, limit time.Time) time.Time {
	if at.After(limit) {
		return limit
	}
	return at
}

// later returns the later of two instants, where zero comes first.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sameAvailability returns whether a value has the availability of p. In some
// clouds Graph shows no more than that.
func sameAvailability(p Pair) func(Value) bool {
	return func(v Value) bool { return strings.EqualFold(v.Pair.Availability, p.Availability) }
}

// samePair returns whether a value is p.
func samePair(p Pair) func(Value) bool { return func(v Value) bool { return v.Pair.Is(p) } }

// sameText returns whether a value is the text that Graph shows.
func sameText(shown string) func(Value) bool {
	return func(v Value) bool { return strings.TrimSpace(v.Text) == strings.TrimSpace(shown) }
}
