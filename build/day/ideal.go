package day

import (
	"strings"
	"time"
)

// Ideal is what a colleague should see of one person, made of its parts.
type Ideal struct {
	own    string // the session of heliograph; empty: none
	slot   string // the preferred presence; empty: none
	theirs bool   // it was chosen in Teams
	text   string // the status message
	ours   bool   // it is heliograph's
	place  int    // the computer whose session is shown
}

// ideal returns what colleagues should see of a person now. Of two computers the
// one with the newest input speaks, and a call beats idleness. Of two texts the
// newer is shown: to each computer the other's is a note of the person.
func (h *hypothesis) ideal(who string) Ideal {
	p := h.people[number(who)]
	out := Ideal{slot: p.theirs, theirs: p.theirs != "", text: p.note}
	best, since := -1, time.Duration(0)
	for i := range h.places {
		at := &h.places[i]
		if !at.running || at.account != who || at.choice.status == "paused" {
			continue
		}
		if c := at.chosen(); c != "" {
			out.slot, out.theirs = c, false
		}
		if text := at.shownText(); text != "" && !at.yields(p) && !at.givenUp && (!out.ours || at.textSince() > since) {
			out.text, out.ours, since = text, true, at.textSince()
		}
		if !at.asleep && !h.places[i].mute && at.session() != "" && (best < 0 || at.beats(&h.places[best])) {
			best = i
		}
	}
	if best >= 0 {
		out.own, out.place = h.places[best].session(), best
	}
	return out
}

// ideals returns what may be right now. What a computer has set that cannot speak,
// or sleeps for long, may be there still, or have ended.
func (h *hypothesis) ideals(who string, now time.Duration) []Ideal {
	all := []Ideal{h.ideal(who)}
	if w := all[0]; w.ours && h.cannotRenew(now) {
		w.text, w.ours = "", false
		all = append(all, w)
	}
	for i := range h.places {
		if at := &h.places[i]; at.outdone && !at.givenUp {
			other := *h
			other.places[i].givenUp = true
			all = append(all, other.ideals(who, now)...)
		}
		if h.places[i].mayLapse(now) {
			other := *h
			other.places[i].choice = wish{}
			all = append(all, other.ideals(who, now)...)
		}
	}
	return all
}

// mayLapse reports that a choice may have ended at Microsoft because nobody renews
// it.
func (h *place) mayLapse(now time.Duration) bool {
	return h.chosen() != "" && (h.mute || h.asleep && now >= h.slept+renewsSlot)
}

// beats reports whether a computer speaks rather than another.
func (h *place) beats(o *place) bool {
	if mine, theirs := h.inCall(), o.inCall(); mine != theirs {
		return mine
	}
	if h.inUse != o.inUse {
		return h.inUse
	}
	return h.lastInput > o.lastInput
}

func (h *place) inCall() bool { return len(h.calls) > 0 && !h.elsewhere }

// session returns the pair of the session while heliograph runs and the computer
// is awake.
func (h *place) session() string {
	out := h.automatic()
	if out == "" && h.chosen() != "" {
		return "Available/Available" // a preferred presence needs a session
	}
	return out
}

func (h *place) automatic() string {
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
func (h *place) working() bool {
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
