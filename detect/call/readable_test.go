package call

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// TestNamesAreSafeToShow: a program may call itself whatever it likes; its name
// goes to menus, toasts, terminals and other programs.
func TestNamesAreSafeToShow(t *testing.T) {
	evil := "Zo\x1b[2J\x1b]0;om\x07\u202e\n" + strings.Repeat("x", 10_000)
	r := NewRule(Options{Debounce: -1, Grace: -1, Programs: Programs{Allow: []string{evil}}})
	now := time.Now()
	j := r.Judge(Evidence{Known: true, Captures: []Sound{{Index: 1, PID: 7, Label: evil, Names: []string{evil}, Source: evil}, {Index: 2, PID: 8, Label: "Un\x1blisted" + evil[10:]}}}, now)
	if !j.Call.Active() || len(j.Streams) != 2 || j.Unlisted == "" {
		t.Fatalf("%+v", j)
	}
	texts := []string{j.Call.App, j.Call.Name, j.Unlisted}
	for _, s := range j.Streams {
		texts = append(texts, s.Program, s.Name, s.Source)
	}
	for _, text := range texts {
		if strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsRune(text, '\u202e') || utf8.RuneCountInString(text) > maxName {
			t.Errorf("%d characters: %.80q", utf8.RuneCountInString(text), text)
		}
	}
}

// TestDeniedByItsShownName: what a person denies is the id that is shown, also
// of a program whose own name cannot be.
func TestDeniedByItsShownName(t *testing.T) {
	s := Sound{Index: 1, PID: 7, Names: []string{"evil\x1bprogram"}}
	shown := NewRule(Options{}).Judge(Evidence{Known: true, Captures: []Sound{s}}, time.Now()).Streams[0].Program
	r := NewRule(Options{Programs: Programs{Deny: []string{shown}}})
	if got := r.Judge(Evidence{Known: true, Captures: []Sound{s}}, time.Now()).Streams[0]; got.Class != Never || got.Program != shown {
		t.Errorf("%+v", got)
	}
}
