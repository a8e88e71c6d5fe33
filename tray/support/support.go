// Package support makes the archive with which a person reports a problem: what
// heliograph found out about this computer, and the last lines of its log,
// without what is the person's own.
//
// It refuses to hold tokens, secrets, the names of accounts, people and
// computers, addresses, the texts of status messages and the titles of windows.
// It sends nothing: a person reads the archive, and sends it or not.
package support

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"

	"heliograph/tray/control"
	"heliograph/tray/settings"
)

// Facts are what the archive is made of, as heliograph knows it.
type Facts struct {
	Version string
	Now     time.Time
	// Report is what doctor says. The others are nil if heliograph does not run.
	Report control.Report
	State  *control.State
	Calls  *control.Calls
	Why    *control.Why
	// Settings are those that hold.
	Settings settings.Value
	// Log are the last lines of the log.
	Log string
	// Missing says what could not be found out, and why.
	Missing []string
}

const readMe = `This is what heliograph knows about itself and this computer, for a report of a
problem. heliograph has sent it to nobody. Look at it before you do.

about.json     versions of heliograph and of the system
doctor.json    each part, and whether it works
status.json    the status that you chose, the one that is wanted and the one that
               colleagues see
calls.json     the programs that record now, and how they were judged
today.json     the statuses of today, and the rules that led to them
settings.toml  the settings; "(set)" is text of your own
log.txt        the last lines of the log

Left out are tokens and secrets, the names of your account and your computer,
addresses, status messages, and titles of windows and of sounds. Where the log
had one of them there is a word in parentheses.
`

// Write writes the archive, a ZIP file.
func Write(w io.Writer, f Facts) error {
	r := newRedactor(f.private())
	z := zip.NewWriter(w)
	for _, file := range []struct {
		name string
		data any // text, or a value for JSON
	}{
		{"README.txt", readMe},
		{"about.json", f.about(r)},
		{"doctor.json", f.report(r)},
		{"status.json", f.status(r)},
		{"calls.json", f.calls(r)},
		{"today.json", f.today(r)},
		{"settings.toml", r.text(f.Settings.ShowWithoutTexts())},
		{"log.txt", r.text(f.Log)},
	} {
		if err := add(z, file.name, f.Now, file.data); err != nil {
			return fmt.Errorf("support archive: %s: %w", file.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("support archive: %w", err)
	}
	return nil
}

// add adds a file to the archive.
func add(z *zip.Writer, name string, now time.Time, data any) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: now})
	if err != nil {
		return err
	}
	if text, ok := data.(string); ok {
		_, err = io.WriteString(w, text)
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(data)
}

type about struct {
	Heliograph string    `json:"heliograph"`
	Go         string    `json:"go"`
	System     string    `json:"system"` // "linux/amd64"
	Release    []string  `json:"release"`
	Made       time.Time `json:"made"`
	Running    bool      `json:"running"`
	Missing    []string  `json:"missing"`
}

func (f Facts) about(r *redactor) about {
	return about{Heliograph: f.Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Release: r.list(release()), Made: f.Now, Running: f.Report.Running, Missing: r.list(f.Missing)}
}

// report is what doctor says, but who is signed in, and what a wrong line of the
// settings says.
func (f Facts) report(r *redactor) control.Report {
	report := control.Report{Running: f.Report.Running, Parts: []control.Part{}}
	for _, p := range f.Report.Parts {
		switch {
		case p.Name == "account" && p.Problem == "":
			p.Value = "signed in"
		case p.Name == "settings" && f.Settings.Problem != nil && p.Problem != "":
			p.Problem = fmt.Sprintf("line %d: %s is wrong", f.Settings.Problem.Line, f.Settings.Problem.Key)
		}
		p.Backend, p.Value, p.Problem, p.Fix = r.text(p.Backend), r.text(p.Value), r.text(p.Problem), r.text(p.Fix)
		report.Parts = append(report.Parts, p)
	}
	return report
}

// status is the state in its wire form, without words: they may quote a message,
// and the rules and the parts say the same.
type status struct {
	Choice   string           `json:"choice"`
	Message  bool             `json:"message"` // there is one
	Chosen   *time.Time       `json:"chosen"`
	Ends     *time.Time       `json:"ends"`
	Wanted   *control.Pair    `json:"wanted"`
	Rule     string           `json:"rule"`
	Since    *time.Time       `json:"since"`
	Until    *time.Time       `json:"until"`
	Sent     *control.Sent    `json:"sent"`
	Shown    *control.Pair    `json:"shown"`
	ShownAt  *time.Time       `json:"shownAt"`
	Theirs   *control.Pair    `json:"theirs"`
	Activity control.Activity `json:"activity"`
	SignedIn bool             `json:"signedIn"`
	Error    string           `json:"error"`
}

func (f Facts) status(r *redactor) *status {
	s := f.State
	if s == nil {
		return nil
	}
	out := &status{Choice: s.Choice.Status, Message: s.Choice.Message != nil, Chosen: s.Choice.Since, Ends: s.Choice.Until,
		Wanted: s.Wanted, Since: s.Since, Until: s.Until, Sent: s.Sent, Theirs: s.Theirs, Activity: s.Activity, SignedIn: s.Account != nil}
	out.Activity.Call = nil // calls.json has the program
	if s.Reason != nil {
		out.Rule = s.Reason.Rule
	}
	if s.Shown != nil {
		out.Shown, out.ShownAt = &s.Shown.Pair, &s.Shown.At
	}
	if s.Error != nil {
		out.Error = r.text(*s.Error)
	}
	return out
}

// recording is a recording without the names that a program or a person gave:
// of the sound, of the microphone.
type recording struct {
	Program  string    `json:"program"`
	App      string    `json:"app"`
	Class    string    `json:"class"`
	Running  bool      `json:"running"`
	Playing  bool      `json:"playing"`
	Since    time.Time `json:"since"`
	Verdict  string    `json:"verdict"`
	Because  string    `json:"because"`
	Unlisted bool      `json:"unlisted"`
}

type calls struct {
	Recordings []recording `json:"recordings"`
	Allowed    int         `json:"allowed"`
	Denied     int         `json:"denied"`
}

func (f Facts) calls(r *redactor) *calls {
	if f.Calls == nil {
		return nil
	}
	out := &calls{Recordings: []recording{}, Allowed: len(f.Calls.Allowed), Denied: len(f.Calls.Denied)}
	for _, s := range f.Calls.Streams {
		out.Recordings = append(out.Recordings, recording{Program: r.text(s.Program), App: r.text(s.App), Class: s.Class, Running: s.Running,
			Playing: s.Playing, Since: s.Since, Verdict: s.Verdict, Because: r.text(s.Because), Unlisted: s.Unlisted})
	}
	return out
}

// moment is one stretch of the day, without words.
type moment struct {
	At           time.Time `json:"at"`
	Availability string    `json:"availability"`
	Activity     string    `json:"activity"`
	Rule         string    `json:"rule"`
}

func (f Facts) today(*redactor) []moment {
	out := []moment{}
	if f.Why == nil {
		return out
	}
	for _, m := range f.Why.Today {
		out = append(out, moment{m.At, m.Availability, m.Activity, m.Rule})
	}
	return out
}
