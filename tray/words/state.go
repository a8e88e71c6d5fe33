package words

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"heliograph/graph/presence"
	"heliograph/graph/zone"
)

// Status returns the name of a status.
func Status(s presence.Status) string { return Say("status." + string(s)) }

// Pair returns what a colleague reads of an availability and activity: the
// activity where it says more than the availability does. A value that this
// version does not know is shown as Graph spells it.
func Pair(p presence.Pair) string {
	availability, activity := "pair."+strings.ToLower(p.Availability), "pair."+strings.ToLower(p.Activity)
	if !Known(availability) {
		return p.Availability
	}
	switch general := Say(availability); {
	case !Known(activity), activity == availability:
		return general
	case activity == "pair.offwork", activity == "pair.availableinactive":
		return Say(activity)
	default:
		return general + ", " + Say(activity+".beside")
	}
}

// Reason says in one clause why a state holds.
func Reason(s presence.State) string {
	r := s.Want.Reason
	var text string
	switch r.Rule {
	case "":
		text = Say("reason.unknown")
	case presence.RuleCall:
		text = withArticle("reason.call", r.App)
	default:
		text = Say("reason."+string(r.Rule), r.App)
	}
	if r.Since.IsZero() {
		return text
	}
	switch now := time.Now(); r.Rule {
	case presence.RuleChoice:
		text += " " + moment(r.Since, now)
	case presence.RuleCall, presence.RuleSharing, presence.RuleIdle:
		text += " " + Say("since", Clock(r.Since, now))
	}
	return text
}

// InCall says that the person is in a call with a program, as a title.
func InCall(app string) string { return withArticle("toast.call", app) }

// withArticle returns the text of a key that has the English article "a" before
// a name, or "an" where the name requires it.
func withArticle(key, name string) string {
	if name != "" && strings.ContainsRune("AEIO", unicode.ToUpper(rune(name[0]))) {
		key += ".an"
	}
	return Say(key, name)
}

// Part returns the name of a part of heliograph, as doctor lists them, for
// people.
func Part(name string) string {
	if key := "part." + name; Known(key) {
		return Say(key)
	}
	return name
}

// EnglishPart returns Part in English, for output that is never translated.
func EnglishPart(name string) string {
	if key := "part." + name; Known(key) {
		return say(englishPrinter, key, nil)
	}
	return name
}

// Sentence begins a clause with a capital letter.
func Sentence(clause string) string {
	first, size := utf8.DecodeRuneInString(clause)
	if size == 0 || strings.HasPrefix(clause, "heliograph") { // a name in lower case
		return clause
	}
	return string(unicode.ToUpper(first)) + clause[size:]
}

// moment says when something happened: at a time of today, or on a day.
func moment(t, now time.Time) string {
	if day(t.Local()) == day(now.Local()) {
		return Say("at", Clock(t, now))
	}
	return Say("on", Clock(t, now))
}

// Clock returns an instant as a person reads it: the time today, with the
// weekday within a week, else with the date.
func Clock(t, now time.Time) string {
	here := zone.Local() // the computer may have travelled since the start
	t, now = t.In(here), now.In(here)
	clock := t.Format("15:04")
	days := int(day(t).Sub(day(now)).Round(24*time.Hour) / (24 * time.Hour))
	switch {
	case days == 0:
		return clock
	case days == 1:
		return Say("tomorrow", clock)
	case days > -7 && days < 7:
		return Say("day."+strings.ToLower(t.Weekday().String()[:3])) + " " + clock
	}
	return t.Format("2006-01-02") + " " + clock
}

func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Until says when a choice ends; empty: it has no end.
func Until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " " + Say("until", Clock(t, time.Now()))
}

// Headline returns in a few words what colleagues see, as far as it is known.
func Headline(s presence.State) string {
	switch {
	case !s.SignedIn:
		return Say("headline.signed-out")
	case s.ShownAt.IsZero() && s.Sent.Zero():
		return Say("headline.unknown")
	case s.ShownAt.IsZero(): // it was set, and cannot be read
		return Say("headline.unconfirmed", Pair(s.Want.Pair()))
	}
	text := Pair(s.Shown.Pair)
	switch own := s.Want.Preferred; {
	case !s.Theirs.Zero():
		text = Say("theirs", Pair(s.Theirs))
	case !own.Zero() && s.AsWanted():
		text = Status(s.Choice.Status) + Until(s.Choice.Until)
	}
	if s.Err != nil {
		text = Say("headline.unconfirmed", text)
	}
	return text
}

// Because joins what colleagues see and its reason to one sentence.
func Because(s presence.State) string { return Say("because", Headline(s), Why(s)) }

// Decision joins what heliograph wants colleagues to see and its reason to one
// sentence.
func Decision(s presence.State) string {
	wanted := Pair(s.Want.Pair())
	if s.Choice.Status != presence.Automatic && s.Choice.Status != "" {
		wanted = Status(s.Choice.Status) + Until(s.Choice.Until)
	}
	return Say("because", wanted, Reason(s))
}

// Why returns the reason for what colleagues see: the person's own choice in
// Teams, something else that sets it, or why heliograph does.
func Why(s presence.State) string {
	switch {
	case !s.Theirs.Zero():
		return Say("why.theirs", Pair(s.Theirs))
	case s.SignedIn && s.Confirmed && !s.Want.Session.Zero() && !s.AsWanted():
		return Say("why.other", Pair(s.Want.Pair()))
	}
	return Reason(s)
}
