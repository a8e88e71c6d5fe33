package day

import "time"

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
	more := h.began(e)
	// What was there may be there still, or the other computer may not know.
	if before.people != h.people && e.Unwritten || replaced && (e.Unwritten || !there.running || there.asleep) {
		more = append(more, before)
	}
	return more
}

// chosenInTeams: the newest action wins, over the choice that is saved for the
// next start too.
func (h *hypothesis) chosenInTeams(e Event) []hypothesis {
	p := &h.people[number(e.Who)]
	for i := range h.places {
		// Of several choices in Teams between two looks heliograph sees only the last.
		if at := &h.places[i]; (e.Again || at.off() && at.gone < at.replacedAt) && at.replaced.status != "" && at.choice.status == "" && e.At < at.replaced.until {
			at.choice, p.theirs = at.replaced, ""
		}
	}
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
		off := !at.running || at.asleep || e.Unread
		unclear = unclear || e.Status == "" && off || // nothing may have been there to reset
			e.Status == "" && at.chosen() == at.session() || e.Alike || // a session looks like the choice
			p.theirs == at.chosen() // the same value: Graph does not say whose it is
		// When heliograph is back, or was about to set its own, it sees what its
		// session shows as well; and once the sign-in was revoked it sees nothing.
		looksAlike = looksAlike || (off || e.Empty) && (e.Status == "Available" || e.Status == "Away") || at.revoked
		at.choice, at.replaced, at.replacedAt = wish{}, at.choice, e.At
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

// started: heliograph begins again with the saved choice.
func (h *hypothesis) started(e Event) []hypothesis {
	here := &h.places[e.Machine]
	here.running, here.missed = true, wish{}
	return append(h.found(e), h.began(e)...)
}

// found: heliograph is back with a choice, and finds one that was made in Teams.
func (h *hypothesis) found(e Event) []hypothesis {
	here := &h.places[e.Machine]
	if here.account == "" || here.chosen() == "" || h.people[number(here.account)].theirs == "" {
		return nil
	}
	newer, older := *h, *h
	newer.places[e.Machine].choice = wish{}        // it looks newer
	older.people[number(here.account)].theirs = "" // it is replaced
	return []hypothesis{newer, older}
}
