package presence

import (
	"slices"
	"time"
)

// Ledger is what heliograph may have set at Graph for one account.
type Ledger struct {
	// Account is Service.Account.
	Account   string `json:"account"`
	Session   Entry  `json:"session,omitzero"`
	Preferred Entry  `json:"preferred,omitzero"`
	Message   Entry  `json:"message,omitzero"`
	// Own is the person's own status message, to be restored after ours.
	Own Note `json:"own,omitzero"`
	// Text is the last of ours, until another one was read: what is in Message ends
	// by this computer's clock, which may be set.
	Text string `json:"text,omitempty"`
	// YieldsTo is the message of ours that was wanted before Own was written, and
	// is not set again while it is wanted.
	YieldsTo string `json:"yieldsTo,omitempty"`
	// Others is when another computer with the same session was noticed last.
	Others time.Time `json:"others,omitzero"`
}

// Note is a status message that the person has written.
type Note struct {
	Text string `json:"text,omitempty"` // empty: they have removed it, or there was none
	// Until is when it ends, by Graph's clock, so that it stays what it is when this
	// computer's is set; zero: it does not, or that is not known.
	Until time.Time `json:"until,omitzero"`
	// Seen is when it was read last, or could have been read under ours. It was
	// written between After, when another one was there, and Found; zero: not
	// known.
	Seen  time.Time `json:"seen,omitzero"`
	After time.Time `json:"after,omitzero"`
	Found time.Time `json:"found,omitzero"`
}

// ended reports whether it has ended at an instant of Graph's clock.
func (n Note) ended(atGraph time.Time) bool { return !n.Until.IsZero() && !atGraph.Before(n.Until) }

// newerThan reports whether the message is more likely to have been written
// after an instant than before it.
func (n Note) newerThan(at time.Time) bool {
	return !n.After.IsZero() && n.Found.Sub(at) > at.Sub(n.After)
}

// empty reports that nothing of ours is at Graph, and nothing has to be known of
// what was.
func (l Ledger) empty() bool {
	if len(l.Session.Replaced)+len(l.Preferred.Replaced)+len(l.Message.Replaced) > 0 {
		return false
	}
	return l.Session.empty() && l.Preferred.empty() && l.Message.empty() && l.YieldsTo == "" && l.Text == "" && l.Others.IsZero()
}

// expire drops what is certainly gone by now, and what no read shows any more.
func (l *Ledger) expire(now time.Time) {
	for k, e := range l.entries() {
		l.expireKind(kind(k), now)
		e.Replaced = slices.DeleteFunc(slices.Clone(e.Replaced), func(p Replaced) bool { return !now.Before(p.Until) })
	}
}

// expireKind drops what is certainly gone of a kind, and reports whether there
// was any. The person's own message is not back by that.
func (l *Ledger) expireKind(k kind, now time.Time) bool {
	e := l.entry(k)
	if !e.expire(now) {
		return false
	}
	if k == kindMessage && e.empty() {
		l.messageEnded(now)
	}
	return true
}

// messageEnded notes that our message has ended: the person's own is not back by
// that.
func (l *Ledger) messageEnded(now time.Time) {
	l.Message.forget()
	if l.Own.Text != "" {
		l.Message.begin(Write{At: now})
	}
}

// changed returns when what colleagues see was changed last, as far as a read may
// still be older.
func (l *Ledger) changed() time.Time {
	var at time.Time
	for _, e := range []Entry{l.Session, l.Preferred} {
		at = later(at, e.newest().At)
		for _, p := range e.Replaced {
			at = later(at, p.Until.Add(-settleTime))
		}
	}
	return at
}

// shift moves all instants by d, as a clock that was set back asks for.
func (l *Ledger) shift(d time.Duration) {
	for _, e := range l.entries() {
		e.shift(d)
	}
	for _, at := range []*time.Time{&l.Own.Seen, &l.Own.After, &l.Own.Found, &l.Others} {
		moved(at, d)
	}
}

// entry returns the entry of a kind that is written.
func (l *Ledger) entry(k kind) *Entry {
	switch k {
	case kindPreferred:
		return &l.Preferred
	case kindMessage:
		return &l.Message
	}
	return &l.Session
}

// entries returns all entries, each at its kind.
func (l *Ledger) entries() []*Entry { return []*Entry{&l.Session, &l.Preferred, &l.Message} }

// Saved is what must outlive the process: the user's choice, and what
// heliograph may have set at Graph and must clear again.
type Saved struct {
	Choice   Choice   `json:"choice"`
	Accounts []Ledger `json:"accounts,omitempty"`
}

// ledgerOf returns the ledger of an account at the start, or after a change of
// account, and the others. Nothing of it is sure. What is far in the future was
// written by a clock that was wrong.
func ledgerOf(all []Ledger, account string, now time.Time) (Ledger, []Ledger) {
	i := slices.IndexFunc(all, func(l Ledger) bool { return l.Account == account })
	if i < 0 {
		return Ledger{Account: account}, all
	}
	l := all[i]
	l.Session.each(func(w *Write) {
		if !w.Zero() {
			w.Gone = notAfter(w.Gone, now.Add(longestExpire))
		}
	})
	for _, e := range l.entries() {
		e.doubt()
		e.each(func(w *Write) { w.Late = notAfter(w.Late, now.Add(settleTime)) })
		e.Replaced = slices.DeleteFunc(slices.Clone(e.Replaced), func(p Replaced) bool { return !now.Before(p.Until) })
		for i := range e.Replaced {
			e.Replaced[i].Until = notAfter(e.Replaced[i].Until, now.Add(settleTime))
		}
	}
	if l.Own.Found.After(now) || l.Own.Seen.After(now) {
		l.Own.After, l.Own.Found, l.Own.Seen = time.Time{}, time.Time{}, time.Time{}
	}
	return l, slices.Delete(slices.Clone(all), i, i+1)
}
