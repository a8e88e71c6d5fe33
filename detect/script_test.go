package detect

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The scripts in testdata/scripts tell what happens at a desk and what is to
// be seen of it. One line is one event or one expectation:
//
//	options debounce=2s grace=15s             before all else
//	app ID CLASS MATCH...                     a row of the user's
//	TIME mic S NAME[,NAME...] [FLAG...]       a recording S begins; flags: corked
//	                                          monitor meter plumbing own label=L
//	TIME play S NAME[,NAME...] [FLAG...]      a playback begins
//	TIME inhibit S NAME[,NAME...] [REASON]    a program keeps the screen awake
//	TIME camera S NAME[,NAME...]              a program opens the camera
//	TIME peer S NAME[,NAME...] [connected]    a browser's process for connections
//	TIME cork S, uncork S, end S
//	TIME server down, server up               the sound server; its streams end
//	TIME input, rest, lock, unlock, sleep, wake, leave, return
//	TIME -> KEY=VALUE...                      what is to be seen then: call apps
//	                                          since unlisted inuse last locked asleep
//	                                          elsewhere inhibited; S for a verdict
//
// TIME counts from the script's start. Between two lines the clock stops at
// each instant that the rule itself asked for, as the watcher's does. A new
// file is a new test.
type script struct {
	t     *testing.T
	began time.Time
	now   time.Time
	f     facts
	rule  *callRule
	opts  Options
	ids   map[string]uint32

	seen    Activity
	streams []Stream
	next    time.Time
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { playScript(t, path) })
	}
}

func playScript(t *testing.T, path string) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := &script{t: t, began: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), ids: map[string]uint32{}}
	s.now = s.began
	s.f = facts{streamsKnown: true, idleKnown: true, inUse: true, lastInput: s.began}
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
		return s.options(words[1:])
	case "app":
		s.opts.Apps = append(s.opts.Apps, App{ID: words[1], Name: words[1], Class: Class(words[2]), Match: words[3:]})
		return nil
	}
	if s.rule == nil {
		s.rule = newCallRule(s.opts.withDefaults())
		s.fold()
	}
	at, err := time.ParseDuration(words[0])
	if err != nil || len(words) < 2 {
		return fmt.Errorf("not a line: TIME EVENT")
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
	s.fold()
	return nil
}

func (s *script) options(words []string) error {
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		d, err := time.ParseDuration(value)
		if err != nil {
			return err
		}
		switch key {
		case "debounce":
			s.opts.Debounce = d
		case "grace":
			s.opts.Grace = d
		default:
			return fmt.Errorf("no option %s", key)
		}
	}
	return nil
}

// advance runs the rule's own alarms up to an instant.
func (s *script) advance(to time.Time) error {
	if to.Before(s.now) {
		return fmt.Errorf("time runs backwards")
	}
	for !s.next.IsZero() && !s.next.After(to) {
		if !s.next.After(s.now) {
			return fmt.Errorf("the rule asks for an instant that is over: it would spin")
		}
		s.now = s.next
		s.fold()
	}
	s.now = to
	return nil
}

func (s *script) fold() {
	s.seen = s.f.activity()
	s.seen.Call, s.seen.Unlisted, s.streams, s.next = s.rule.step(&s.f, s.now)
}

func (s *script) event(verb string, args []string) error {
	now := s.now
	switch verb {
	case "input":
		s.f.inUse, s.f.lastInput = true, now
	case "rest":
		s.f.inUse = false
	case "lock", "unlock":
		s.f.locked = verb == "lock"
	case "sleep":
		s.f.asleep = true
	case "wake":
		s.f.asleep, s.f.woke = false, now
	case "leave", "return":
		s.f.elsewhere = verb == "leave"
	case "server":
		s.f.streamsKnown = args[0] == "up"
		s.f.captures, s.f.playbacks = nil, nil
	case "cork", "uncork", "end":
		return s.change(verb, s.ids[args[0]])
	case "mic", "play", "inhibit", "camera", "peer":
		return s.begin(verb, args)
	default:
		return fmt.Errorf("no event %s", verb)
	}
	return nil
}

func (s *script) begin(verb string, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("%s needs a name of its own and the program's", verb)
	}
	id := uint32(len(s.ids) + 1)
	s.ids[args[0]] = id
	st := stream{index: id, names: strings.Split(args[1], ","), pid: 1000 + int(id), source: "mic"}
	switch verb {
	case "inhibit":
		s.f.inhibitors = append(s.f.inhibitors, inhibitor{names: st.names, reason: strings.Join(args[2:], " ")})
		s.f.awake = true
		return nil
	case "peer":
		s.f.peers = []peer{{names: st.names, connected: len(args) > 2}} // the last word counts
		return nil
	case "camera":
		s.f.cameras = append(s.f.cameras, holder{names: st.names, pid: st.pid})
		return nil
	}
	for _, flag := range args[2:] {
		switch key, value, _ := strings.Cut(flag, "="); key {
		case "corked":
			st.corked = true
		case "monitor":
			st.monitor = true
		case "meter":
			st.meter = true
		case "plumbing":
			st.plumbing = true
		case "own":
			st.own = true
		case "label":
			st.label = value
		default:
			return fmt.Errorf("no flag %s", flag)
		}
	}
	if verb == "mic" {
		s.f.captures = append(s.f.captures, st)
	} else {
		s.f.playbacks = append(s.f.playbacks, st)
	}
	return nil
}

func (s *script) change(verb string, id uint32) error {
	if id == 0 {
		return fmt.Errorf("nothing of that name has begun")
	}
	if verb == "end" {
		is := func(x stream) bool { return x.index == id }
		s.f.captures = slices.DeleteFunc(slices.Clone(s.f.captures), is)
		s.f.playbacks = slices.DeleteFunc(slices.Clone(s.f.playbacks), is)
		for name, n := range s.ids {
			if n == id && strings.HasPrefix(name, "inhibit") {
				s.f.inhibitors, s.f.awake = nil, false
			}
			if n == id && strings.HasPrefix(name, "camera") {
				s.f.cameras = nil
			}
		}
		return nil
	}
	for _, list := range []*[]stream{&s.f.captures, &s.f.playbacks} {
		*list = slices.Clone(*list)
		for i := range *list {
			if (*list)[i].index == id {
				(*list)[i].corked = verb == "cork"
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
		return fmt.Errorf("%s", strings.Join(wrong, ", "))
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
	a := s.seen
	switch key {
	case "call":
		return text(a.Call.App)
	case "apps":
		return strconv.Itoa(a.Call.Apps)
	case "since":
		return a.Call.Since.Sub(s.began).String()
	case "unlisted":
		return text(a.Unlisted)
	case "last":
		return a.LastInput.Sub(s.began).String()
	case "woke":
		return a.Woke.Sub(s.began).String()
	}
	for name, v := range map[string]bool{"inuse": a.InUse, "locked": a.Locked, "asleep": a.Asleep, "elsewhere": a.Elsewhere, "inhibited": a.Inhibited} {
		if name == key {
			return strconv.FormatBool(v)
		}
	}
	i := 0
	for _, c := range sorted(s.f.captures) {
		if c.own || c.plumbing {
			continue
		}
		if c.index == s.ids[key] {
			return text(s.streams[i].Verdict)
		}
		i++
	}
	return "?"
}
