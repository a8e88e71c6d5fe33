package emu

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// boardView is all that the page shows.
type boardView struct {
	Now      time.Time
	Profile  Profile
	People   []personView
	Faults   []string
	Requests []requestView
	Total    int // requests logged, shown or not
	next     time.Time
}

// personView is one person as a colleague sees them, and what makes it so.
type personView struct {
	UserState
	Initials string
	Look     look
	Since    time.Time
	Why      string
	Clients  []clientView
	Line     timeline
}

// clientView is one session: what its client has set, and how long it lasts.
type clientView struct {
	SessionState
	Look  look
	Faded bool
	// Ends is the instant at which the session fades or expires, whichever is
	// first; zero: it lives until its client ends it.
	Ends    time.Time
	EndWord string
	Share   int // of the time to Ends that has passed, in percent
}

// look is how a presence is drawn: Kind names its shape and colour.
type look struct{ Kind, Title, Detail, Wire string }

// words are the names that Teams shows for the values.
var words = map[string]string{
	"DoNotDisturb": "Do not disturb", "BeRightBack": "Be right back", "InACall": "In a call",
	"InAConferenceCall": "In a conference call", "InAMeeting": "In a meeting", "AvailableInactive": "Inactive",
	"OffWork": "Off work", "UrgentInterruptionsOnly": "Urgent interruptions only",
}

func wordOf(value string) string {
	if w, ok := words[value]; ok {
		return w
	}
	return value
}

func lookOf(p pair) look {
	l := look{Kind: strings.ToLower(p.availability), Title: wordOf(p.availability), Wire: p.availability + "/" + p.activity}
	switch {
	case p.activity == "AvailableInactive":
		l.Kind = "inactive"
	case p.availability == "BeRightBack":
		l.Kind = "away"
	}
	if p.activity != p.availability {
		l.Detail = wordOf(p.activity)
	}
	return l
}

// boardRequests is how many requests the page shows.
const boardRequests = 40

func (s *Server) boardView() boardView {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.settle()
	v := boardView{Now: now, Profile: s.opts.Profile, Total: len(s.requests), next: s.next(now)}
	for _, u := range s.users {
		v.People = append(v.People, s.personView(u, now))
	}
	for _, f := range s.faults {
		if f.left != 0 && (f.expires.IsZero() || now.Before(f.expires)) {
			v.Faults = append(v.Faults, f.sentence(now))
		}
	}
	for i := len(s.requests) - 1; i >= 0 && len(v.Requests) < boardRequests; i-- {
		v.Requests = append(v.Requests, requestViewOf(s.requests[i]))
	}
	return v
}

func (s *Server) personView(u *user, now time.Time) personView {
	state := s.userState(u, now)
	v := personView{UserState: state, Look: lookOf(u.lastShown), Initials: initials(u.name), Line: lineOf(u.history, now)}
	if n := len(u.history); n > 0 {
		v.Since = u.history[n-1].at
	}
	for _, x := range state.Sessions {
		v.Clients = append(v.Clients, clientViewOf(x, now))
	}
	v.Why = why(v)
	return v
}

func initials(name string) string {
	out := ""
	for _, word := range strings.Fields(name) {
		out += word[:1]
	}
	return out
}

// why says which rule of aggregation applies.
func why(v personView) string {
	switch {
	case len(v.Clients) == 0 && v.Preferred != nil:
		return "No client is running, so the choice made in Teams has no effect."
	case len(v.Clients) == 0:
		return "No client is running."
	case v.Preferred != nil:
		return "Chosen in Teams, which beats every client."
	case len(v.Clients) == 1:
		return "One client is running: " + v.Clients[0].Name + "."
	}
	for _, c := range v.Clients {
		if c.Look.Wire != v.Look.Wire {
			return "The strongest of several clients: Do not disturb, then Busy, Available, Away."
		}
	}
	return "All clients agree."
}

func clientViewOf(x SessionState, now time.Time) clientView {
	v := clientView{SessionState: x, Look: lookOf(pair{x.EffectiveAvailability, x.EffectiveActivity}),
		Faded: x.EffectiveActivity != x.Activity, Ends: x.Expires, EndWord: "expires"}
	if !x.Fades.IsZero() && (x.Expires.IsZero() || x.Fades.Before(x.Expires)) {
		v.Ends, v.EndWord = x.Fades, "goes inactive"
		if v.Faded {
			v.EndWord = "goes away"
		}
	}
	if whole := v.Ends.Sub(x.Set); !v.Ends.IsZero() && whole > 0 {
		v.Share = int(100 * now.Sub(x.Set) / whole)
	}
	return v
}

// sentence says what a fault does.
func (f *fault) sentence(now time.Time) string {
	var what string
	switch {
	case f.Drop:
		what = "connection dropped"
	case f.Lose:
		what = "answer lost"
	case f.Page:
		what = fmt.Sprintf("page of HTML (%d)", cmp.Or(f.Status, 200))
	case f.AADSTS != 0:
		what = fmt.Sprintf("AADSTS%d", f.AADSTS)
	case f.Status != 0:
		what = fmt.Sprintf("answer %d", f.Status)
	default:
		what = "delayed by " + time.Duration(f.Delay).String()
	}
	on := strings.TrimSpace(f.Method + " " + f.Path)
	if on == "" {
		on = "any request"
	}
	what += " on " + on
	if f.left > 0 {
		what += fmt.Sprintf(", %d to go", f.left)
	}
	if !f.expires.IsZero() {
		what += ", for " + spanOf(f.expires.Sub(now))
	}
	return what
}

// requestView is one request in short.
type requestView struct {
	Request
	Short, Class, Text string
}

var anyGUID = regexp.MustCompile(`([0-9a-fA-F]{8})(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

// shownBody is how much of a body the table shows.
const shownBody = 160

func requestViewOf(r Request) requestView {
	v := requestView{Request: r, Short: anyGUID.ReplaceAllString(r.Path, "$1…"), Class: fmt.Sprintf("s%d", r.Status/100)}
	var text string
	if json.Unmarshal(r.Body, &text) != nil {
		text = string(r.Body)
	}
	text = anyGUID.ReplaceAllString(strings.Join(strings.Fields(text), " "), "$1…")
	if cut := []rune(text); len(cut) > shownBody {
		text = string(cut[:shownBody]) + "…"
	}
	v.Text = text
	return v
}
