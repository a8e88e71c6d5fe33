package call

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The scripts in testdata/scripts say what programs do and what the rule is to
// make of it. One line is one event or one expectation:
//
//	options debounce=2s grace=15s             before all else
//	app ID CLASS MATCH...                     a row of the user's
//	TIME mic S NAME[,NAME...] [FLAG...]       a recording S begins; flags: corked
//	                                          monitor meter plumbing own label=L
//	TIME play S NAME[,NAME...] [FLAG...]      a playback begins
//	TIME inhibit S NAME[,NAME...] [REASON]    a program keeps the computer awake
//	TIME camera S NAME[,NAME...]              a program opens the camera
//	TIME peer S NAME[,NAME...] [connected]    a browser's process for connections
//	TIME cork S, uncork S, end S
//	TIME server down, server up               the sound server; its streams end
//	TIME allow P, deny P, forget P            what the user says about a program
//	TIME -> KEY=VALUE...                      what must be seen then: call apps
//	                                          name since unlisted; S for a verdict,
//	                                          S.program S.name S.app S.class
//
// TIME counts from the script's start. Between two lines the clock stops at
// each instant that the rule itself has named, as in the watcher. A new file is
// a new test.
type script struct {
	began, now time.Time
	evidence   Evidence
	options    Options
	rule       *Rule
	ids        map[string]uint32
	seen       Judgement
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { runScript(t, path) })
	}
}

func runScript(t *testing.T, path string) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := &script{began: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), ids: map[string]uint32{}}
	s.now, s.evidence.Known = s.began, true
	s.options = Options{Debounce: 2 * time.Second, Grace: 15 * time.Second}
	lines, expected := bufio.NewScanner(file), 0
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if slices.Contains(words, "->") {
			expected++
		}
		if err := s.line(words); err != nil {
			t.Errorf("%s:%d: %s: %v", path, n, strings.TrimSpace(line), err)
		}
	}
	if expected == 0 {
		t.Errorf("%s expects nothing", path)
	}
}

func (s *script) line(words []string) error {
	switch words[0] {
	case "options":
		return s.setOptions(words[1:])
	case "app":
		s.options.Programs.Apps = append(s.options.Programs.Apps, App{ID: words[1], Name: words[1], Class: Class(words[2]), Match: words[3:]})
		return nil
	}
	if s.rule == nil {
		s.rule = NewRule(s.options)
		s.judge()
	}
	at, err := time.ParseDuration(words[0])
	if err != nil || len(words) < 2 {
		return errors.New("not a line: TIME EVENT")
	}
	if err := s.advance(s.began.Add(at)); err != nil {
		return err
	}
	if words[1] == "->" {
		return s.expect(words[2:])
	}
	if err := s.event(words[1], words[2:]); err != nil {
		return err
	}
	s.judge()
	return nil
}

func (s *script) setOptions(words []string) error {
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		d, err := time.ParseDuration(value)
		if err != nil {
			return err
		}
		switch key {
		case "debounce":
			s.options.Debounce = d
		case "grace":
			s.options.Grace = d
		default:
			return fmt.Errorf("no option %s", key)
		}
	}
	return nil
}

// advance judges at the instants that the rule asks for, up to an instant.
func (s *script) advance(to time.Time) error {
	if to.Before(s.now) {
		return errors.New("time goes backwards")
	}
	for !s.seen.Next.IsZero() && !s.seen.Next.After(to) {
		if !s.seen.Next.After(s.now) {
			return errors.New("the rule asks for an instant that is over: it would spin")
		}
		s.now = s.seen.Next
		s.judge()
	}
	s.now = to
	return nil
}

func (s *script) judge() { s.seen = s.rule.Judge(s.evidence, s.now) }

func (s *script) event(verb string, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%s needs an argument", verb)
	}
	switch verb {
	case "server":
		s.evidence.Known = args[0] == "up"
		s.evidence.Captures, s.evidence.Playbacks = nil, nil
	case "allow", "deny", "forget":
		s.say(verb, args[0])
	case "cork", "uncork", "end":
		return s.change(verb, args[0])
	case "mic", "play", "inhibit", "camera", "peer":
		return s.begin(verb, args)
	default:
		return fmt.Errorf("no event %s", verb)
	}
	return nil
}

// say changes what the user says about a program.
func (s *script) say(verb, program string) {
	p := &s.options.Programs
	program = strings.ReplaceAll(program, "_", " ")
	is := func(said string) bool { return said == program }
	p.Allow, p.Deny = slices.DeleteFunc(p.Allow, is), slices.DeleteFunc(p.Deny, is)
	switch verb {
	case "allow":
		p.Allow = append(p.Allow, program)
	case "deny":
		p.Deny = append(p.Deny, program)
	}
	s.rule.SetPrograms(*p)
}

func (s *script) begin(verb string, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("%s needs a name of its own and the program's", verb)
	}
	id := uint32(len(s.ids) + 1)
	s.ids[args[0]] = id
	names := strings.Split(args[1], ",")
	switch verb {
	case "inhibit":
		s.evidence.Inhibitors = append(s.evidence.Inhibitors, Inhibitor{Names: names, Reason: strings.Join(args[2:], " ")})
		return nil
	case "peer":
		s.evidence.Peers = []Peer{{Names: names, Connected: len(args) > 2}} // the last one counts
		return nil
	case "camera":
		s.evidence.Cameras = append(s.evidence.Cameras, Process{Names: names, PID: 1000 + int(id)})
		return nil
	}
	sound := Sound{Index: id, Names: names, PID: 1000 + int(id), Source: "mic"}
	if err := setFlags(&sound, args[2:]); err != nil {
		return err
	}
	if verb == "mic" {
		s.evidence.Captures = append(s.evidence.Captures, sound)
	} else {
		s.evidence.Playbacks = append(s.evidence.Playbacks, sound)
	}
	return nil
}

func setFlags(s *Sound, flags []string) error {
	for _, flag := range flags {
		switch key, value, _ := strings.Cut(flag, "="); key {
		case "corked":
			s.Corked = true
		case "monitor":
			s.Monitor = true
		case "meter":
			s.Meter = true
		case "plumbing":
			s.Plumbing = true
		case "own":
			s.Own = true
		case "label":
			s.Label = value
		default:
			return fmt.Errorf("no flag %s", flag)
		}
	}
	return nil
}

func (s *script) change(verb, name string) error {
	id := s.ids[name]
	if id == 0 {
		return errors.New("nothing of that name has begun")
	}
	e := &s.evidence
	if verb == "end" {
		is := func(x Sound) bool { return x.Index == id }
		e.Captures = slices.DeleteFunc(slices.Clone(e.Captures), is)
		e.Playbacks = slices.DeleteFunc(slices.Clone(e.Playbacks), is)
		switch {
		case strings.HasPrefix(name, "inhibit"):
			e.Inhibitors = nil
		case strings.HasPrefix(name, "camera"):
			e.Cameras = nil
		}
		return nil
	}
	for _, list := range []*[]Sound{&e.Captures, &e.Playbacks} {
		*list = slices.Clone(*list)
		for i := range *list {
			if (*list)[i].Index == id {
				(*list)[i].Corked = verb == "cork"
			}
		}
	}
	return nil
}

func (s *script) expect(words []string) error {
	var wrong []string
	for _, w := range words {
		key, want, ok := strings.Cut(w, "=")
		if !ok {
			return fmt.Errorf("not KEY=VALUE: %s", w)
		}
		if got := s.value(key); got != want {
			wrong = append(wrong, fmt.Sprintf("%s is %s", key, got))
		}
	}
	if wrong != nil {
		return errors.New(strings.Join(wrong, ", "))
	}
	return nil
}

func (s *script) value(key string) string {
	text := func(v string) string {
		if v == "" {
			return "-"
		}
		return strings.ReplaceAll(v, " ", "_")
	}
	c := s.seen.Call
	switch key {
	case "call":
		return text(c.App)
	case "name":
		return text(c.Name)
	case "apps":
		return strconv.Itoa(c.Apps)
	case "since":
		return c.Since.Sub(s.began).String()
	case "unlisted":
		return text(s.seen.Unlisted)
	}
	name, field, _ := strings.Cut(key, ".")
	for _, st := range s.seen.Streams {
		if st.PID == 1000+int(s.ids[name]) {
			return text(map[string]string{"": st.Verdict, "program": st.Program, "name": st.Name, "app": st.App, "class": string(st.Class)}[field])
		}
	}
	return "?"
}
