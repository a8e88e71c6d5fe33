package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
)

func TestLanguagesHaveTheSameSentences(t *testing.T) {
	for _, l := range texts {
		for key, text := range l.text {
			en, ok := english[key]
			if !ok {
				t.Errorf("%s has %s, which nothing asks for", l.tag, key)
			}
			if strings.Count(text, "%s") != strings.Count(en, "%s") || strings.Count(text, "%") != strings.Count(text, "%s") {
				t.Errorf("%s: %s takes other arguments than in English: %q", l.tag, key, text)
			}
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s is empty", l.tag, key)
			}
		}
		for key := range english {
			if _, ok := l.text[key]; !ok {
				t.Errorf("%s lacks %s", l.tag, key)
			}
		}
	}
}

// TestEveryAdviceHasWords holds that each key that graph.Explain can return has
// a sentence in each language, with as many arguments, and that the catalogue
// has no sentence beyond these.
func TestEveryAdviceHasWords(t *testing.T) {
	keys := graph.AdviceKeys()
	for _, l := range texts {
		for key, n := range keys {
			text, ok := l.text["advice."+key]
			if !ok {
				t.Errorf("%s lacks the advice %s", l.tag, key)
			} else if got := strings.Count(text, "%s"); got != n {
				t.Errorf("%s: the advice %s takes %d arguments, and gets %d", l.tag, key, got, n)
			}
		}
		for key := range l.text {
			if key, ok := strings.CutPrefix(key, "advice."); ok {
				key, forSystem, _ := strings.Cut(key, ".")
				if n, known := keys[key]; !known || forSystem != "" && strings.Count(l.text["advice."+key], "%s") != n {
					t.Errorf("%s has the advice %s, which graph never gives", l.tag, key)
				}
				if forSystem != "" && !slices.Contains(systems, forSystem) {
					t.Errorf("%s: there is no system %s", l.tag, forSystem)
				}
			}
		}
	}
	defer Use("en")
	Use("de")
	for key, n := range keys {
		args := slices.Repeat([]any{50194}, n)
		for _, text := range []string{Advice(key, args...), EnglishAdvice(key, args...)} {
			if strings.Contains(text, "%") || strings.Count(text, "50194") != n {
				t.Errorf("%s is %q", key, text)
			}
		}
		if Advice(key, args...) == EnglishAdvice(key, args...) {
			t.Errorf("%s is the same in German and English", key)
		}
	}
}

// constants returns the values of a package's string constants of one type.
func constants(t *testing.T, dir, typeName string) (values []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				if id, ok := v.Type.(*ast.Ident); ok && id.Name == typeName {
					values = append(values, literal(v.Values[0]))
				}
			}
			return true
		})
	}
	if len(values) < 8 {
		t.Fatalf("only %d constants of type %s: this test does not see them", len(values), typeName)
	}
	return values
}

// TestEveryRuleAndStatusHasWords holds the catalogue to the constants of
// package presence.
func TestEveryRuleAndStatusHasWords(t *testing.T) {
	for _, rule := range constants(t, "../../graph/presence", "Rule") {
		if !Known("reason." + rule) {
			t.Errorf("the rule %s has no words", rule)
		}
	}
	for _, status := range constants(t, "../../graph/presence", "Status") {
		if !Known("status." + status) {
			t.Errorf("the status %s has no words", status)
		}
	}
}

func TestSay(t *testing.T) {
	defer Use("en")
	s := presence.State{SignedIn: true, Confirmed: true, Shown: presence.Shown{Pair: presence.InACall}, ShownAt: time.Now(),
		Want: presence.Want{Session: presence.InACall, Reason: presence.Reason{Rule: presence.RuleCall, App: "Zoom"}}}
	for name, want := range map[string]string{"en": "Busy, in a call, because you're in a Zoom call", "de-AT": "Beschäftigt, in einem Anruf – Anruf in Zoom", "tlh": "Busy, in a call, because you're in a Zoom call"} {
		Use(name)
		if got := Because(s); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	Use("de")
	if got := Advice("single", 50194); !strings.Contains(got, "AADSTS50194)") {
		t.Errorf("an error number became %q", got)
	}
}

// TestReason holds the clauses that a name or an instant changes.
func TestReason(t *testing.T) {
	defer Use("en")
	now := time.Now()
	today := now.Format("15:04")
	for _, c := range []struct {
		language string
		reason   presence.Reason
		want     string
	}{
		{"en", presence.Reason{Rule: presence.RuleCall, App: "Element"}, "you're in an Element call"},
		{"en", presence.Reason{Rule: presence.RuleCall, App: "Zoom", Since: now}, "you're in a Zoom call (since " + today + ")"},
		{"en", presence.Reason{Rule: presence.RuleChoice, Since: now}, "you chose this at " + today},
		{"de", presence.Reason{Rule: presence.RuleChoice, Since: now}, "von Ihnen gewählt um " + today},
		{"de", presence.Reason{Rule: presence.RuleIdle, Since: now}, "keine Eingabe (seit " + today + ")"},
		{"en", presence.Reason{Rule: presence.RuleInput, Since: now}, "you're at your computer"},
		{"en", presence.Reason{}, "activity can't be detected on this system"},
	} {
		Use(c.language)
		if got := Reason(presence.State{Want: presence.Want{Reason: c.reason}}); got != c.want {
			t.Errorf("%s: %q, want %q", c.language, got, c.want)
		}
	}
	Use("en")
	old := presence.Reason{Rule: presence.RuleChoice, Since: now.AddDate(0, 0, -30)}
	if got := Reason(presence.State{Want: presence.Want{Reason: old}}); !strings.HasPrefix(got, "you chose this on 20") {
		t.Errorf("a month ago: %q", got)
	}
}

func TestSpan(t *testing.T) {
	defer Use("en")
	for d, want := range map[time.Duration]string{time.Second: "1 second", time.Minute: "1 minute", 5 * time.Minute: "5 minutes", time.Hour: "1 hour",
		90 * time.Minute: "1 hour 30 minutes", 25*time.Hour + 2*time.Second: "25 hours 2 seconds", 0: "0 seconds", 400 * time.Millisecond: "0 seconds"} {
		if got := Span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	Use("de")
	if got := Span(61 * time.Minute); got != "1 Stunde 1 Minute" {
		t.Errorf("German: %q", got)
	}
}

// TestAdviceSaysHowToSignIn: the menu's reader gets a row to choose, that of the
// command line a command, and nobody gets both.
func TestAdviceSaysHowToSignIn(t *testing.T) {
	for key := range solvedBySignIn {
		if !Known("advice." + key) {
			t.Errorf("there is no advice %s", key)
		}
	}
	for _, c := range []struct{ got, want string }{
		{Advice("signed-out"), "You aren't signed in. Choose Sign in."},
		{CommandAdvice("signed-out"), "You aren't signed in. Run: heliograph login"},
		{Advice("network"), CommandAdvice("network")},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestPart(t *testing.T) {
	defer Use("en")
	Use("de")
	for _, c := range []struct{ got, want string }{
		{Part("inhibitors"), "Wachhalteanfragen"}, {EnglishPart("inhibitors"), "Stay-awake requests"}, {Part("new"), "new"}, {EnglishPart("new"), "new"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestSentence(t *testing.T) {
	for clause, want := range map[string]string{"": "", "you chose this": "You chose this", "äußere": "Äußere", "heliograph is paused": "heliograph is paused", "Zoom": "Zoom"} {
		if got := Sentence(clause); got != want {
			t.Errorf("%q becomes %q", clause, got)
		}
	}
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 11, 24, 15, 0, 0, 0, time.Local)
	for _, c := range []struct {
		t    time.Time
		want string
	}{
		{now.Add(time.Hour), "16:00"}, {now.Add(18 * time.Hour), "tomorrow 09:00"}, {now.Add(-18 * time.Hour), "Mon 21:00"},
		{now.AddDate(0, 0, 3), "Fri 15:00"}, {now.AddDate(0, 0, -30), "2026-10-25 15:00"},
	} {
		if got := Clock(c.t, now); got != c.want {
			t.Errorf("%v: %q, want %q", c.t, got, c.want)
		}
	}
}

func TestPair(t *testing.T) {
	for want, p := range map[string]presence.Pair{
		"Available": {Availability: "available", Activity: "AVAILABLE"}, "Busy, in a meeting": {Availability: "Busy", Activity: "InAMeeting"},
		"Appear offline": {Availability: "Offline", Activity: "OffWork"}, "Busy": {Availability: "Busy", Activity: "SomethingNew"},
		"Hovering": {Availability: "Hovering", Activity: "Hovering"}, "Available, inactive": {Availability: "Available", Activity: "AvailableInactive"},
	} {
		if got := Pair(p); got != want {
			t.Errorf("%v is %q, want %q", p, got, want)
		}
	}
}

// spoken are the packages whose sentences people read in their own language.
var spoken = []string{"../menu", "../app"}

// unspoken are the functions whose texts are English by design: log messages,
// errors, and the help of the command line.
var unspoken = []string{"Errorf", "New", "Info", "Warn", "Error", "Debug", "With", "Log", "Say", "Sprintf"}

// naming are the functions whose first argument names something in the log.
var naming = []string{"Go", "await"}

// TestNoSentenceLivesOutside looks for literals with a space in the packages
// that speak.
func TestNoSentenceLivesOutside(t *testing.T) {
	asked := map[string]bool{}
	for _, dir := range spoken {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files (%v)", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, src, 0)
			if err != nil {
				t.Fatal(err)
			}
			names := map[ast.Expr]bool{}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					sel, ok := n.Fun.(*ast.SelectorExpr)
					if ok && sel.Sel.Name == "Say" && len(n.Args) > 0 {
						asked[literal(n.Args[0])] = true
					}
					if ok && slices.Contains(naming, sel.Sel.Name) && len(n.Args) > 0 {
						names[n.Args[0]] = true
					}
					return !ok || !slices.Contains(unspoken, sel.Sel.Name)
				case *ast.Field:
					return n.Tag == nil
				case *ast.BasicLit:
					if text := literal(n); !names[n] && strings.Contains(text, " ") && strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz") && !strings.HasPrefix(text, "\x1b") {
						t.Errorf("%s: %q belongs into the catalogue", set.Position(n.Pos()), text)
					}
				}
				return true
			})
		}
	}
	for key := range asked {
		if key != "" && !strings.HasSuffix(key, ".") && !Known(key) {
			t.Errorf("%q is asked for and not in the catalogue", key)
		}
	}
	if len(asked) < 10 {
		t.Errorf("only %d sentences are asked for: this test does not see them", len(asked))
	}
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(l.Value) // the parser has read it
	return text
}

// TestHeadlineSaysWhatIsSeen: what colleagues see, what is wanted and what is not
// confirmed are three things.
func TestHeadlineSaysWhatIsSeen(t *testing.T) {
	defer Use("en")
	Use("en")
	meeting := presence.Pair{Availability: "Busy", Activity: "InAMeeting"}
	seen := func(p presence.Pair, change func(*presence.State)) presence.State {
		s := presence.State{SignedIn: true, Confirmed: true, Shown: presence.Shown{Pair: p}, ShownAt: time.Now(), Want: presence.Want{Session: presence.Available, Reason: presence.Reason{Rule: presence.RuleInput}}}
		if change != nil {
			change(&s)
		}
		return s
	}
	for name, c := range map[string]struct {
		state presence.State
		want  string
	}{
		"as wanted": {seen(presence.Available, nil), "Available, because you're at your computer"},
		"meeting":   {seen(meeting, nil), "Busy, in a meeting, because Teams, your calendar or another computer sets it (heliograph: Available)"},
		"paused": {seen(meeting, func(s *presence.State) { s.Want = presence.Want{Reason: presence.Reason{Rule: presence.RulePaused}} }),
			"Busy, in a meeting, because heliograph is paused and changes nothing in Teams"},
		"theirs": {seen(presence.PreferDoNotDisturb, func(s *presence.State) { s.Theirs = presence.PreferDoNotDisturb }),
			"Do not disturb (set in Teams), because you set \"Do not disturb\" in Teams, and heliograph keeps it"},
		"outage":     {seen(presence.InACall, func(s *presence.State) { s.Err, s.Confirmed = presence.ErrAnswered, false }), "Busy, in a call (not confirmed), because you're at your computer"},
		"signed out": {presence.State{Want: presence.Want{Session: presence.Available, Reason: presence.Reason{Rule: presence.RuleInput}}}, "Not signed in, because you're at your computer"},
		"connecting": {presence.State{SignedIn: true, Want: presence.Want{Session: presence.Available, Reason: presence.Reason{Rule: presence.RuleInput}}}, "Connecting to Microsoft…, because you're at your computer"},
	} {
		if got := Because(c.state); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
