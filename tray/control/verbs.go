package control

import "time"

// The verbs: what a client can ask for, with the type of the arguments and of
// the answer.
const (
	VerbShow     = "show"      // make the running instance show itself
	VerbStatus   = "status"    // -> State
	VerbFollow   = "follow"    // -> State, again with each change
	VerbWhy      = "why"       // -> Why
	VerbCalls    = "calls"     // -> Calls
	VerbJudge    = "judge"     // JudgeArgs -> Judged
	VerbDoctor   = "doctor"    // -> Report
	VerbSettings = "settings"  // -> Settings
	VerbLog      = "log"       // -> string, again with each line
	VerbChoose   = "choose"    // ChooseArgs -> State
	VerbSignedIn = "signed-in" // take over a sign-in that the command line made
	VerbSignOut  = "sign-out"
	VerbRefresh  = "refresh" // read again what other programs may have changed, such as the autostart entry
	VerbQuit     = "quit"    // -> QuitReply; the socket is free once the connection ends
)

// follows reports whether a verb answers until either side closes the
// connection.
func follows(verb string) bool { return verb == VerbFollow || verb == VerbLog }

// MaxChoice is how long a choice may last: Graph keeps a preferred presence no
// longer.
//
// Source: https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence
const MaxChoice = 7 * 24 * time.Hour

// MaxMessage is the most that Teams shows of a status message, in characters.
const MaxMessage = 280

// DefaultPause is how long a pause lasts unless the person says otherwise.
const DefaultPause = time.Hour

// ChooseArgs is a status that the person chooses.
type ChooseArgs struct {
	// Status is the name of a status as in Choice.Status.
	Status string `json:"status"`
	// Until is when automatic comes back, at most MaxChoice ahead; zero: when
	// the person chooses again.
	Until time.Time `json:"until,omitzero"`
	// Message is a status message to show until then, on one line of at most
	// MaxMessage characters; empty: the message is not touched.
	Message string `json:"message,omitempty"`
}

// JudgeArgs says how to take a program's recordings.
type JudgeArgs struct {
	Do  string `json:"do"`  // "allow", "deny" or "forget"
	App string `json:"app"` // the program's name or id as in Calls
}

// Judged is what follows from JudgeArgs.
type Judged struct {
	Calls
	// Unknown reports that heliograph does not know the program: it does not
	// record now, is in no table, and was not judged before. It is remembered
	// nevertheless, for when it records.
	Unknown bool     `json:"unknown"`
	Near    []string `json:"near"` // programs that may have been meant then
}

// Calls is what records now, and how the person wants programs to be taken. It
// is what `calls --json` prints.
type Calls struct {
	// Streams are the recordings of this moment, each with its verdict.
	Streams []Stream `json:"streams"`
	// Allowed and Denied are the programs that the person allowed or denied by
	// a command or a click, without those of the settings file.
	Allowed []string `json:"allowed"`
	Denied  []string `json:"denied"`
}

// Stream is one recording, as the detector judges it.
type Stream struct {
	// Program is the stable id of the program that records. It is what JudgeArgs
	// names.
	Program string `json:"program"`
	Name    string `json:"name"` // the program's name for people
	// App and Class are the row of the app table that the program was found in;
	// empty: none. A row may cover many programs.
	App   string `json:"app"`
	Class string `json:"class"`

	PID      int       `json:"pid"`      // 0: unknown
	Source   string    `json:"source"`   // the microphone's name
	Running  bool      `json:"running"`  // not paused
	Playing  bool      `json:"playing"`  // the same program plays sound
	Since    time.Time `json:"since"`    // when it was first seen
	Verdict  string    `json:"verdict"`  // "call", "not yet", "ending", "not a call"
	Because  string    `json:"because"`  // one clause for people
	Unlisted bool      `json:"unlisted"` // in no app table
}

// Why is the state with what led to it. It is what `why --json` prints.
type Why struct {
	Status State `json:"status"`
	// Signal is the part of the detector that the rule rests on; nil for a rule
	// that asks none, such as a choice.
	Signal *Part `json:"signal"`
	// Today is the day so far. It begins with what held at midnight.
	Today []Moment `json:"today"`
}

// Moment is one stretch of the day: it held from At until the next one.
type Moment struct {
	At           time.Time `json:"at"`
	Availability string    `json:"availability"`
	Activity     string    `json:"activity"`
	Rule         string    `json:"rule"`
	App          string    `json:"app,omitempty"`
	Text         string    `json:"text"`   // what colleagues should see, in words
	Reason       string    `json:"reason"` // why, in words
}

// Report is the health of every part. It is what `doctor --json` prints.
type Report struct {
	// Running reports that the running instance answered; otherwise the command
	// itself examined what it could.
	Running bool   `json:"running"`
	Parts   []Part `json:"parts"`
}

// Failing counts the parts that have a problem, those with a warning aside.
func (r Report) Failing() int {
	n := 0
	for _, p := range r.Parts {
		if p.Level == LevelProblem {
			n++
		}
	}
	return n
}

// Level is how well a part works.
type Level string

// The levels.
const (
	LevelOK      Level = "ok"
	LevelWarning Level = "warning" // it does not work, and heliograph works without it
	LevelProblem Level = "problem"
)

// Part is one thing that heliograph needs or can use.
type Part struct {
	Name    string `json:"name"`            // "idle", "keyring", "graph", "mqtt" …
	Backend string `json:"backend"`         // what serves it; empty: nothing
	Value   string `json:"value"`           // its state, for people
	Level   Level  `json:"level"`           // how much Problem matters
	Problem string `json:"problem"`         // empty: it works
	Fix     string `json:"fix"`             // what the person can do about Problem
	Polls   bool   `json:"polls,omitempty"` // the system reports no changes of it
	// Since is the first failure of the outage that Problem is about; zero:
	// not known, or no problem.
	Since time.Time `json:"since,omitzero"`
}

// Settings are the settings as they hold.
type Settings struct {
	Path string `json:"path"` // of the settings file
	// Text is every setting in the form of the file, each with a comment that
	// says where it comes from.
	Text string `json:"text"`
	// Problem is why the file was refused while earlier settings hold; empty: it
	// was accepted.
	Problem string `json:"problem"`
}

// QuitReply says what quitting left behind at Microsoft.
type QuitReply struct {
	// Cleared reports that nothing was left.
	Cleared bool `json:"cleared"`
	// Left lists what could not be cleared.
	Left []Left `json:"left"`
	// Until is when the last of Left ends at the latest; zero if nothing is.
	Until time.Time `json:"until,omitzero"`
}

// What a Left can be.
const (
	LeftSession   = "session"
	LeftPreferred = "preferred presence" // takes precedence over a session
	LeftMessage   = "status message"
)

// Left is something that colleagues may still see after heliograph has quit.
type Left struct {
	What string `json:"what"` // LeftSession, LeftPreferred or LeftMessage
	// Presence is what may be shown, as Graph names it; nil for a status message
	// and for a session whose presence is not known.
	Presence *Pair `json:"presence"`
	// Until is when Microsoft drops it at the latest.
	Until time.Time `json:"until"`
}
