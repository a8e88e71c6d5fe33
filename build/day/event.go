package day

import (
	"fmt"
	"time"
)

// Kind is what an event is.
type Kind int

// The kinds of events. What a person does at the computer comes first, then what
// they do in Teams, then what happens to the program and to the computer.
const (
	Input      Kind = iota // begins to type
	Rest                   // has just stopped typing
	Lock                   // locks the screen
	Unlock                 // unlocks it, and types
	Elsewhere              // another user gets the screen
	Returns                // and gives it back
	CallBegins             // a program (App) begins a call
	CallEnds               // and ends it
	AppOpens               // a program that can make calls is opened
	AppCloses              // and closed
	Choose                 // chooses Status in heliograph, for Span, with Text
	Choice                 // chooses Status in Teams; empty: resets it
	Note                   // writes the status message Text in Teams, for Span; empty: removes it
	Client                 // a Teams client on this computer shows Status; empty: it is gone
	SignIn                 // signs in as Who
	SignOut                // signs out
	Revoke                 // an administrator revokes all sessions of Who
	Start                  // the program starts
	Quit                   // and quits
	Kill                   // and is killed
	Sleep                  // the lid is shut
	Wake                   // and opened
	PowerOff               // the battery is empty
	PowerOn                // and charged
	Clock                  // the computer's clock is stepped by Span
	Stall                  // the program is stopped for Span, and nobody tells it
	SignedIn               // Microsoft has accepted the sign-in as Who
)

// Event is one thing that happens at an instant of the day.
type Event struct {
	At      time.Duration // since the day began
	Machine int           // at which computer
	Kind    Kind
	App     string
	Status  string
	Text    string
	Who     string
	Span    time.Duration
	// Unseen: nobody but the person knows that this happened; see seen.
	Unseen bool
	// Never: nothing was read between this note and the next.
	Never bool
	// Again: nothing was read since the choice in Teams before this one.
	Again bool
	// Alike: what is shown after the choice was reset in Teams has its availability,
	// and nobody can know that the activity tells the two apart.
	Alike bool
	// Empty: no preferred presence was there when the choice was made in Teams.
	Empty bool
	// Unread: of a text that heliograph means, or one of the person, it cannot
	// tell which of the two came first; of a choice made in Teams, nothing was read
	// between it and the end of the program or the sign-in.
	Unread bool
	// Unwritten: the choice was taken back before anything had arrived.
	Unwritten bool
}

// sentences are the events in words; each takes its event's detail.
var sentences = map[Kind]string{
	Input: "types", Rest: "stops typing", Lock: "locks the screen", Unlock: "unlocks the screen",
	Elsewhere: "hands the screen to another user", Returns: "gets the screen back",
	CallBegins: "begins a call", CallEnds: "ends a call", AppOpens: "opens", AppCloses: "closes",
	Choose: "chooses in heliograph", Choice: "chooses in Teams", Note: "writes a status message in Teams",
	Client: "has a Teams client that shows", SignIn: "signs in as", SignOut: "signs out",
	Revoke: "loses all sessions by an administrator as", Start: "starts heliograph", Quit: "quits heliograph",
	Kill: "sees heliograph killed", Sleep: "shuts the lid", Wake: "opens the lid", PowerOff: "loses power",
	PowerOn: "switches the computer on", Clock: "has the clock stepped", Stall: "has heliograph stopped without notice",
	SignedIn: "is signed in as",
}

// String returns the event in words.
func (e Event) String() string {
	out := sentences[e.Kind]
	add := func(format, value string) {
		if value != "" {
			out += fmt.Sprintf(format, value)
		}
	}
	add(" (%s)", e.App)
	switch e.Kind {
	case Choice, Client:
		status := e.Status
		if status == "" {
			status = "nothing"
		}
		out += " " + status
	case Note:
		out += fmt.Sprintf(" %q", e.Text)
	default:
		add(" %s", e.Status)
		add(" with %q", e.Text)
	}
	add(" %s", e.Who)
	switch {
	case e.Kind == Clock:
		out += fmt.Sprintf(" by %s", e.Span)
	case e.Span != 0:
		out += fmt.Sprintf(" for %s", e.Span.Round(time.Second))
	}
	return out
}

// Trouble is a span in which the network or Microsoft fails.
type Trouble struct {
	From, To time.Duration
	Machine  int
	Kind     Failure
	// Scope says which requests fail: All, or one kind of them.
	Scope Scope
	// Times is how many requests fail; 0: all in the span.
	Times int
	// Status and RetryAfter (seconds) are those of Answer.
	Status, RetryAfter int
	// Delay is how late answers are (Slow), or by how much reads lag (Lag).
	Delay time.Duration
}

// Failure is how a request fails.
type Failure string

// The failures.
const (
	Down   Failure = "network down"     // it ends at once
	Hole   Failure = "black hole"       // nothing ever answers
	Drop   Failure = "connection reset" // before the request counts
	Lose   Failure = "answer lost"      // after it has counted
	Slow   Failure = "slow network"
	Answer Failure = "error answer"
	Portal Failure = "captive portal"
	Lag    Failure = "lagging reads"
)

// Scope is a set of requests.
type Scope string

// The scopes.
const (
	All       Scope = "all"
	Session   Scope = "session"
	Preferred Scope = "preferred"
	Message   Scope = "message"
	Read      Scope = "read"
	Token     Scope = "token"
)

// String returns the trouble in words.
func (t Trouble) String() string {
	out := string(t.Kind)
	if t.Kind == Answer {
		out = fmt.Sprintf("answer %d", t.Status)
	}
	if t.RetryAfter > 0 {
		out += fmt.Sprintf(" with Retry-After %d", t.RetryAfter)
	}
	if t.Scope != All {
		out += " to " + string(t.Scope)
	}
	return out
}

// label names the trouble in the table of causes.
func (t Trouble) label() string {
	if t.Kind == Answer {
		return fmt.Sprintf("%s answered %d", t.Scope, t.Status)
	}
	return string(t.Kind)
}

// Policy is how Automatic decides on the day; it is the truth's own.
type Policy struct {
	AwayAfter      time.Duration
	AwayWhenLocked bool
	CallMessage    bool // "On a {app} call"
	// From and To are the minutes of working hours; both 0: all day.
	From, To int
}

// Script is all that happens on one day, whatever programs do.
type Script struct {
	Seed      uint64
	Machines  int
	Policy    Policy
	RoundTrip time.Duration // of one request on a good network, at most
	TokenLife time.Duration
	// StatusZone is the zone in which Microsoft answers the end of a message.
	StatusZone string
	Events     []Event
	Troubles   []Trouble
}

// dayLength is how long a day is simulated, from seven in the morning; the night
// shows what was left behind.
const dayLength = 24 * time.Hour

// dayBegins is the time of day at which the simulation begins.
const dayBegins = 7 * time.Hour

// The people of the directory of package emu.
const (
	Ada   = "self"
	Grace = "other"
)
