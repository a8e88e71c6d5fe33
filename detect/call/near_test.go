package call

import (
	"slices"
	"testing"
)

func TestNear(t *testing.T) {
	p := Programs{Apps: []App{{ID: "My call app", Name: "My call app", Class: CallFirst, Match: []string{"mycallapp"}}}}
	for name, want := range map[string][]string{
		"zooom":     {"zoom"},
		"Skyp":      {"skype"},
		"mycalapp":  {"My call app"},
		"gahter":    {"gather"}, // which was allowed before
		"abc":       nil,        // of a name of three letters not one may differ
		"softphone": nil,
		"":          nil,
		"xy":        nil,
	} {
		got := p.Near(name, []string{"gather"})
		if !slices.Equal(got, want) {
			t.Errorf("near %q: %q, want %q", name, got, want)
		}
	}
	if got := p.Near("s", nil); len(got) > maxNear {
		t.Errorf("%d names are suggested: %q", len(got), got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"zoom", "zoom", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"müller", "muller", 1}} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
