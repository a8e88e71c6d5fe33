package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"heliograph/detect"
	"heliograph/graph/presence"
	"heliograph/tray"
	"heliograph/tray/control"
	"heliograph/tray/timeline"
)

// newServed returns an instance with everything that the socket's verbs need.
// Its loop runs until the test ends.
func newServed(t testing.TB, config string) *instance {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	in := &instance{quit: func() {}, parts: newGroup(), settings: openTestSettings(t, config), log: quiet, memory: openMemory(quiet, t.TempDir(), true), wake: make(chan struct{}, 1)}
	in.loopEnded = make(chan struct{})
	close(in.loopEnded) // so that quit does not wait
	in.loop = presence.New(presence.Options{})
	in.timeline, in.outlets, in.toaster = timeline.Open("", quiet), newOutletSet(in.outletOptions), tray.NewToaster(quiet, "heliograph", nil)
	in.account = in.newAccount(context.Background()) // without a client id nobody can sign in
	ctx, cancel := context.WithCancel(context.Background())
	in.watch = detect.Watch(ctx, detect.Options{})
	done := make(chan struct{})
	go func() { defer close(done); in.loop.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		in.watch.Close()
		in.outlets.Close()
	})
	return in
}

// ask is one request and its answers.
func ask(in *instance, ctx context.Context, verb, args string) (answers []any, err error) {
	err = in.answer(ctx, control.Request{Version: control.Version, Verb: verb, Args: json.RawMessage(args)}, func(v any) error {
		answers = append(answers, v)
		return nil
	})
	return answers, err
}

func TestChoose(t *testing.T) {
	in := newServed(t, "")
	until := time.Now().Add(time.Hour).Round(0)
	raw, err := json.Marshal(control.ChooseArgs{Status: "BUSY", Until: until, Message: " Writing "})
	if err != nil {
		t.Fatal(err)
	}
	answers, err := ask(in, t.Context(), "choose", string(raw))
	if err != nil || len(answers) != 1 {
		t.Fatalf("%v, %v", answers, err)
	}
	s := answers[0].(control.State)
	if s.Choice.Status != "busy" || !s.Choice.Until.Equal(until) || *s.Choice.Message != "Writing" || s.Account != nil || !strings.HasPrefix(s.Text, "Busy until ") {
		t.Errorf("answers %+v", s)
	}
	if c := in.loop.State().Choice; c.Status != presence.ChoseBusy || !c.Until.Equal(until) {
		t.Errorf("the loop has %+v", c)
	}
}

func TestChooseRefuses(t *testing.T) {
	in := newServed(t, "")
	at := func(d time.Duration) string { return time.Now().Add(d).Format(time.RFC3339) }
	for args, want := range map[string]string{
		`{"status":"busyy"}`: "use one of automatic",
		`{}`:                 "use one of automatic",
		``:                   "use one of automatic",
		`{"status":"busy","until":"` + at(-time.Minute) + `"}`:           "over already",
		`{"status":"busy","until":"` + at(8*24*time.Hour) + `"}`:         "more than a week",
		`{"status":"automatic","until":"` + at(time.Hour) + `"}`:         "automatic has no end",
		`{"status":"paused","message":"x"}`:                              "leave --message out",
		`{"status":"busy","message":"` + strings.Repeat("ü", 281) + `"}`: "longer than 280",
		`{"status":"busy","message":"a\nb"}`:                             "control character",
		`{"status":"busy","for":"1h"}`:                                   `unknown field "for"`,
		`{"status":1}`:                                                   "cannot be read",
		`{"status":"dnd"} {"status":"away"}`:                             "something follows",
		`[]`:                                                             "cannot be read",
	} {
		if answers, err := ask(in, t.Context(), "choose", args); err == nil || len(answers) != 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", args, answers, err, want)
		}
	}
	if c := in.loop.State().Choice; c.Status != presence.Automatic {
		t.Errorf("a refused choice holds: %+v", c)
	}
}

func TestJudge(t *testing.T) {
	in := newServed(t, "")
	steps := []struct{ do, app, denied, allowed, err string }{
		{"deny", "Zoom", "zoom", "", ""},
		{"allow", "zoom", "", "zoom", ""},
		{"allow", "gather", "", "zoom gather", ""},
		{"forget", "GATHER", "", "zoom", ""},
		{"forget", "gather", "", "zoom", "nothing is remembered"},
		{"deny", " ", "", "zoom", "name a program"},
		{"deny", "a\u0007b", "", "zoom", "name a program"},
		{"bless", "zoom", "", "zoom", "allow, deny or forget"},
	}
	for _, s := range steps {
		raw, err := json.Marshal(control.JudgeArgs{Do: s.do, App: s.app})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ask(in, t.Context(), "app", string(raw))
		if (err == nil) != (s.err == "") || (err != nil && !strings.Contains(err.Error(), s.err)) {
			t.Errorf("%s %q: %v", s.do, s.app, err)
		}
		if c := in.calls(); strings.Join(c.Denied, " ") != s.denied || strings.Join(c.Allowed, " ") != s.allowed {
			t.Errorf("%s %q: denied %v, allowed %v", s.do, s.app, c.Denied, c.Allowed)
		}
	}
	if p := programs(in.settings.Value()); !slices.Equal(p.Allow, []string{"zoom"}) || len(p.Deny)+len(p.Apps) != 0 {
		t.Errorf("the programs are %+v", p)
	}
}

func TestOwnRowsAreDeniedByTheirName(t *testing.T) {
	in := newServed(t, "[[calls.app]]\nname = \"My call app\"\nclass = \"call\"\nmatch = [\"mycallapp\"]\n")
	if _, err := ask(in, t.Context(), "app", `{"do":"deny","app":"my call app"}`); err != nil {
		t.Fatal(err)
	}
	if p := programs(in.settings.Value()); !slices.Equal(p.Deny, []string{"My call app"}) || !slices.Equal(p.Apps[0].Match, []string{"mycallapp"}) {
		t.Errorf("%+v", p)
	}
}

// What the user said by click or command wins over the settings file.
func TestClickWinsOverTheFile(t *testing.T) {
	in := newServed(t, "[calls]\ndeny = [\"Zoom\", \"webex\"]\nallow = [\"obs\", \"gather\"]\n")
	for _, args := range []string{`{"do":"allow","app":"zoom"}`, `{"do":"deny","app":"OBS"}`} {
		if _, err := ask(in, t.Context(), "app", args); err != nil {
			t.Fatal(err)
		}
	}
	if p := programs(in.settings.Value()); !slices.Equal(p.Allow, []string{"zoom", "gather"}) || !slices.Equal(p.Deny, []string{"obs", "webex"}) {
		t.Errorf("%+v", p)
	}
}

// FuzzAnswer holds the laws of the control socket: a request gets one answer
// or an error with words, whatever it says, and the choice stays one that a
// person could have made.
func FuzzAnswer(f *testing.F) {
	for verb := range verbs {
		f.Add(verb, "")
		f.Add(verb, "null")
		f.Add(verb, `{"extra":1}`)
	}
	f.Add("choose", `{"status":"busy","until":"2026-03-25T17:00:00Z","message":"x"}`)
	f.Add("choose", `{"status":"busy","until":"9999-12-31T23:59:59Z"}`)
	f.Add("choose", `{"status":"dnd"} {"status":"away"}`)
	f.Add("app", `{"do":"deny","app":"zoom"}`)
	f.Add("app", `{"do":"allow","app":"denied:own:allowed:"}`)
	f.Add("sing", `{}`)
	in := newServed(f, "")
	f.Fuzz(func(t *testing.T, verb, args string) {
		if verb == "show" || verb == "doctor" {
			return // these speak to the desktop
		}
		ctx := t.Context()
		if verb == "follow" || verb == "log" { // answer until they are left
			var leave context.CancelFunc
			ctx, leave = context.WithCancel(ctx)
			leave()
		}
		answers, err := ask(in, ctx, verb, args)
		if err != nil && (err.Error() == "" || len(answers) > 0) {
			t.Fatalf("%v with %v", answers, err)
		}
		if err == nil && len(answers) != 1 && verb != "follow" {
			t.Fatalf("%d answers", len(answers))
		}
		for _, a := range answers {
			if _, err := json.Marshal(a); err != nil {
				t.Fatal(err)
			}
		}
		c := in.loop.State().Choice
		if _, err := presence.ParseStatus(string(c.Status)); err != nil && c.Status != presence.Paused {
			t.Fatal(err)
		}
		if time.Until(c.Until) > control.MaxChoice || len([]rune(c.Message)) > control.MaxMessage {
			t.Fatalf("chosen is %+v", c)
		}
	})
}
