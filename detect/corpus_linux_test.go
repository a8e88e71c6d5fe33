package detect

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// The corpus is what real programs look like to the detector, each with the
// verdict that a person would give. One file is one program at work: a line
// about it, then a line for each change. A new file is a new test:
//
//	go test ./detect -run TestRecord -record NAME -verdict call -app zoom -about 'Zoom 6.1, a meeting of two' -for 1m
//
// Only what the decoder reads is kept: no title, no user, no machine.

// corpusHead is a file's first line.
type corpusHead struct {
	About    string    `json:"about"`              // program, version, what it did
	Verdict  string    `json:"verdict"`            // "call" or "none"
	App      string    `json:"app,omitempty"`      // of the call
	Sound    string    `json:"sound,omitempty"`    // the sound server
	Recorded time.Time `json:"recorded"`           // when
	Weak     string    `json:"weak,omitempty"`     // why the rule cannot know; empty: it must
	Unlisted string    `json:"unlisted,omitempty"` // offered to the person
}

// corpusLine is all that was known from an instant on.
type corpusLine struct {
	At string `json:"at"` // since the first line
	pulseAnswer
	Families   map[int][]string  `json:"families,omitempty"`
	Inhibitors []corpusInhibitor `json:"inhibitors,omitempty"`
	Cameras    [][]string        `json:"cameras,omitempty"`
	Peers      []corpusPeer      `json:"peers,omitempty"`
}

type corpusInhibitor struct {
	Names  []string `json:"names"`
	Reason string   `json:"reason"`
}

type corpusPeer struct {
	Names     []string `json:"names"`
	Connected bool     `json:"connected,omitempty"`
}

var (
	recordName    = flag.String("record", "", "record what runs on this desktop into testdata/corpus/NAME.jsonl")
	recordVerdict = flag.String("verdict", "none", "what a person says of it: call or none")
	recordApp     = flag.String("app", "", "the call's program, by its id in the app table")
	recordAbout   = flag.String("about", "", "program, version, what it does")
	recordFor     = flag.Duration("for", time.Minute, "how long")
)

// BenchmarkRecord is the recorder, which no test run starts: go test ./detect
// -run - -bench Record -record NAME -verdict call -app zoom -about "Zoom 6.1".
func BenchmarkRecord(t *testing.B) {
	if *recordName == "" {
		t.Skip("records only with -record NAME")
	}
	file, err := os.Create(filepath.Join("testdata/corpus", *recordName+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	woken := make(chan struct{}, 1)
	var open []source
	for _, c := range []candidate{{name: "pulse", open: openPulse}, {name: "inhibit", open: openInhibit}, {name: "cameras", open: openCameras}} {
		src, err := c.open(t.Context(), env{settle: time.Minute, changed: func() { notify(woken) }})
		if err != nil {
			t.Fatal(err)
		}
		defer src.close()
		open = append(open, src)
	}
	out := json.NewEncoder(file)
	head := corpusHead{About: *recordAbout, Verdict: *recordVerdict, App: *recordApp, Sound: "pipewire-pulse", Recorded: time.Now().UTC().Truncate(time.Minute)}
	if err := out.Encode(head); err != nil {
		t.Fatal(err)
	}
	began, last := time.Now(), corpusLine{At: "-"}
	for end := time.After(*recordFor); ; {
		line := lineOf(t, open)
		if line.At = last.At; !reflect.DeepEqual(line, last) {
			last = line
			line.At = time.Since(began).Round(time.Millisecond).String()
			if err := out.Encode(line); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case <-woken:
		case <-end:
			return
		}
	}
}

func lineOf(t testing.TB, open []source) corpusLine {
	var all []facts
	for _, s := range open {
		r, err := s.sample()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.facts())
	}
	f := fold(all)
	p := open[0].(*pulseBackend)
	p.mu.Lock()
	l := corpusLine{pulseAnswer: p.raw, Families: map[int][]string{}}
	p.mu.Unlock()
	for _, s := range append(slices.Clone(f.captures), f.playbacks...) {
		if s.pid > 0 {
			l.Families[s.pid] = hostProc.family(s.pid)
		}
	}
	for _, i := range f.inhibitors {
		l.Inhibitors = append(l.Inhibitors, corpusInhibitor{i.names, i.reason})
	}
	for _, p := range f.peers {
		l.Peers = append(l.Peers, corpusPeer{p.names, p.connected})
	}
	for _, c := range f.cameras {
		l.Cameras = append(l.Cameras, c.names)
	}
	return l
}

// facts rebuilds what was known.
func (l corpusLine) facts() facts {
	f := facts{streamsKnown: true}
	f.captures, f.playbacks = l.decode(func(pid int, binary string) []string { return slices.Clone(l.Families[pid]) })
	for _, i := range l.Inhibitors {
		f.inhibitors = append(f.inhibitors, inhibitor{i.Names, i.Reason})
	}
	for _, p := range l.Peers {
		f.peers = append(f.peers, peer{p.Names, p.Connected})
	}
	for _, c := range l.Cameras {
		f.cameras = append(f.cameras, holder{names: c})
	}
	return f
}

// replay tells all calls and offers that the detector would have made, and
// how long after the last change it ended the call.
func replay(lines []corpusLine) (calls, offers map[string]bool, err error) {
	calls, offers = map[string]bool{}, map[string]bool{}
	rule := newCallRule(Options{}.withDefaults())
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i, l := range lines {
		at, err := time.ParseDuration(l.At)
		if err != nil {
			return nil, nil, err
		}
		until := began.Add(at + time.Minute)
		if i+1 < len(lines) {
			d, err := time.ParseDuration(lines[i+1].At)
			if err != nil {
				return nil, nil, err
			}
			until = began.Add(d)
		}
		f, now := l.facts(), began.Add(at)
		for {
			call, unlisted, _, next := rule.step(&f, now)
			if call.Active() {
				calls[call.App] = true
			}
			if unlisted != "" {
				offers[unlisted] = true
			}
			if next.IsZero() || next.After(until) {
				break
			}
			now = next
		}
	}
	return calls, offers, nil
}

func readCorpus(t *testing.T, path string) (head corpusHead, lines []corpusLine) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if head.Verdict == "" {
			if err := json.Unmarshal(s.Bytes(), &head); err != nil || (head.Verdict != "call" && head.Verdict != "none") {
				t.Fatalf("%s: no head: %v", path, err)
			}
			continue
		}
		var l corpusLine
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		t.Fatalf("%s is empty", path)
	}
	return head, lines
}

// TestCorpus judges every recorded program, and prints the confusion matrix.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	matrix, weak := map[[2]string]int{}, 0
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) {
			head, lines := readCorpus(t, path)
			calls, offers, err := replay(lines)
			if err != nil {
				t.Fatal(err)
			}
			got := "none"
			if len(calls) > 0 {
				got = "call"
			}
			matrix[[2]string{head.Verdict, got}]++
			if head.Weak != "" {
				weak++
				t.Logf("%s: a person says %s, the rule %s: %s", head.About, head.Verdict, got, head.Weak)
				return
			}
			if got != head.Verdict || (got == "call" && (len(calls) != 1 || !calls[head.App])) {
				t.Errorf("%s: a person says %s %s, the rule %v", head.About, head.Verdict, head.App, keys(calls))
			}
			if head.Verdict == "none" && len(offers) > 0 && !offers[head.Unlisted] {
				t.Errorf("%s: a person would be asked about %v", head.About, keys(offers))
			}
		})
	}
	t.Logf("confusion matrix over %d recordings (%d of which the rule cannot know):\n%s", len(files), weak, table4(matrix))
}

func table4(m map[[2]string]int) string {
	return fmt.Sprintf("  a person says   the rule: call   none\n  call            %14d   %4d\n  none            %14d   %4d",
		m[[2]string{"call", "call"}], m[[2]string{"call", "none"}], m[[2]string{"none", "call"}], m[[2]string{"none", "none"}])
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
