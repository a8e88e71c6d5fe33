// Package corpus has the format of recordings of real programs at work, each
// with the verdict that a person would give. Only what the call rule looks at
// is recorded: no title, no user, no computer.
package corpus

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"heliograph/detect/call"
)

// Head is the first line of a recording.
type Head struct {
	About    string    `json:"about"`              // program, version, what it did
	Verdict  string    `json:"verdict"`            // "call" or "none"
	App      string    `json:"app,omitempty"`      // program id of the call
	Sound    string    `json:"sound,omitempty"`    // the sound server
	Recorded time.Time `json:"recorded"`           // when
	Weak     string    `json:"weak,omitempty"`     // why the rule cannot know; empty: it must
	Unlisted string    `json:"unlisted,omitempty"` // name of the program that the user is asked about
}

// Line is everything that was known from an instant on.
type Line struct {
	At string `json:"at"` // a duration since the first line
	call.Listing
	Families   map[int][]string `json:"families,omitempty"` // names by process
	Inhibitors []Inhibitor      `json:"inhibitors,omitempty"`
	Cameras    [][]string       `json:"cameras,omitempty"` // names of each process
	Peers      []Peer           `json:"peers,omitempty"`
}

// Inhibitor is a call.Inhibitor.
type Inhibitor struct {
	Names  []string `json:"names"`
	Reason string   `json:"reason"`
}

// Peer is a call.Peer.
type Peer struct {
	Names     []string `json:"names"`
	Connected bool     `json:"connected,omitempty"`
}

// SetEvidence fills the line in from evidence, all but At and the Listing.
func (l *Line) SetEvidence(e call.Evidence, family call.Family) {
	l.Families = map[int][]string{}
	for _, s := range slices.Concat(e.Captures, e.Playbacks) {
		if s.PID > 0 {
			l.Families[s.PID] = family(s.PID, "")
		}
	}
	for _, i := range e.Inhibitors {
		l.Inhibitors = append(l.Inhibitors, Inhibitor{i.Names, i.Reason})
	}
	for _, p := range e.Peers {
		l.Peers = append(l.Peers, Peer{p.Names, p.Connected})
	}
	for _, c := range e.Cameras {
		l.Cameras = append(l.Cameras, c.Names)
	}
}

// Evidence returns what was known.
func (l Line) Evidence() call.Evidence {
	e := call.Evidence{Known: true}
	e.Captures, e.Playbacks = l.Sounds(-1, func(pid int, _ string) []string { return slices.Clone(l.Families[pid]) })
	for _, i := range l.Inhibitors {
		e.Inhibitors = append(e.Inhibitors, call.Inhibitor{Names: i.Names, Reason: i.Reason})
	}
	for _, p := range l.Peers {
		e.Peers = append(e.Peers, call.Peer{Names: p.Names, Connected: p.Connected})
	}
	for _, c := range l.Cameras {
		e.Cameras = append(e.Cameras, call.Process{Names: c})
	}
	return e
}

// maxLine is the longest line that is read.
const maxLine = 1 << 20

// Read reads a recording.
func Read(path string) (Head, []Line, error) {
	var head Head
	var lines []Line
	file, err := os.Open(path)
	if err != nil {
		return head, nil, err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, maxLine)
	if !s.Scan() {
		return head, nil, fmt.Errorf("%s is empty: %w", path, s.Err())
	}
	if err := json.Unmarshal(s.Bytes(), &head); err != nil {
		return head, nil, fmt.Errorf("%s: its first line: %w", path, err)
	}
	if head.Verdict != "call" && head.Verdict != "none" {
		return head, nil, fmt.Errorf("%s: its verdict is %q, neither call nor none", path, head.Verdict)
	}
	for s.Scan() {
		var l Line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return head, nil, fmt.Errorf("%s: line %d: %w", path, len(lines)+2, err)
		}
		lines = append(lines, l)
	}
	if s.Err() == nil && len(lines) == 0 {
		return head, nil, fmt.Errorf("%s has no line but the first", path)
	}
	return head, lines, s.Err()
}
