package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/settings"
)

// newServed returns an instance with everything that the socket's verbs need.
// Its loop runs until the test ends; without a client id nobody can sign in.
func newServed(t testing.TB, config string) *instance {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	in := newInstance(ctx, func() {}, Options{Settings: openTestSettings(t, config), Log: slog.New(slog.DiscardHandler),
		Vault: &graph.MemoryVault{}, Dir: t.TempDir(), Demo: true})
	close(in.loopEnded) // so that quit does not wait
	done := make(chan struct{})
	go func() { defer close(done); in.loop.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		in.watch.Close()
		in.publish.outlets.Close()
		in.notices.close()
	})
	return in
}

// ask sends one request and returns its answers.
func ask(in *instance, ctx context.Context, verb, args string) (answers []any, err error) {
	err = in.verbs.answer(ctx, control.Request{Version: control.Version, Verb: verb, Args: json.RawMessage(args)}, func(v any) error {
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
	answers, err := ask(in, t.Context(), control.VerbChoose, string(raw))
	if err != nil || len(answers) != 1 {
		t.Fatalf("%v, %v", answers, err)
	}
	s := answers[0].(control.State)
	if s.Choice.Status != "busy" || !s.Choice.Until.Equal(until) || *s.Choice.Message != "Writing" || s.Account != nil || s.Text != "Not signed in" {
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
		if answers, err := ask(in, t.Context(), control.VerbChoose, args); err == nil || len(answers) != 0 || !strings.Contains(err.Error(), want) {
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
		{"approve", "zoom", "", "zoom", "allow, deny or forget"},
	}
	for _, s := range steps {
		raw, err := json.Marshal(control.JudgeArgs{Do: s.do, App: s.app})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ask(in, t.Context(), control.VerbJudge, string(raw))
		if (err == nil) != (s.err == "") || (err != nil && !strings.Contains(err.Error(), s.err)) {
			t.Errorf("%s %q: %v", s.do, s.app, err)
		}
		if c := in.calls.list(); strings.Join(c.Denied, " ") != s.denied || strings.Join(c.Allowed, " ") != s.allowed {
			t.Errorf("%s %q: denied %v, allowed %v", s.do, s.app, c.Denied, c.Allowed)
		}
	}
	if p := in.settings.Value().Programs(); !slices.Equal(p.Allow, []string{"zoom"}) || len(p.Deny)+len(p.Apps) != 0 {
		t.Errorf("the programs are %+v", p)
	}
}

// TestJudgeOfUnknownProgram: a name that nothing has is remembered, and the answer
// says so and names what may have been meant.
func TestJudgeOfUnknownProgram(t *testing.T) {
	in := newServed(t, "[calls]\ndeny = [\"gather\"]\n")
	for _, c := range []struct {
		app     string
		unknown bool
		near    string
	}{
		{"zooom", true, "zoom"},
		{"gahter", true, "gather"},
		{"softphone", true, ""},
		{"softphone", false, ""}, // it was judged before
		{"Gather", false, ""},
		{"Zoom", false, ""},
	} {
		answers, err := ask(in, t.Context(), control.VerbJudge, `{"do":"allow","app":"`+c.app+`"}`)
		if err != nil {
			t.Fatal(err)
		}
		got := answers[0].(control.Judged)
		if got.Unknown != c.unknown || strings.Join(got.Near, " ") != c.near {
			t.Errorf("%s: unknown %v, near %q, want %v, %q", c.app, got.Unknown, got.Near, c.unknown, c.near)
		}
		if len(got.Allowed) == 0 || !strings.EqualFold(got.Allowed[len(got.Allowed)-1], c.app) {
			t.Errorf("%s is not remembered: %q", c.app, got.Allowed)
		}
	}
}

func TestOwnRowsAreDeniedByTheirName(t *testing.T) {
	in := newServed(t, "[[calls.app]]\nname = \"My call app\"\nclass = \"call\"\nmatch = [\"mycallapp\"]\n")
	if _, err := ask(in, t.Context(), control.VerbJudge, `{"do":"deny","app":"my call app"}`); err != nil {
		t.Fatal(err)
	}
	if p := in.settings.Value().Programs(); !slices.Equal(p.Deny, []string{"My call app"}) || !slices.Equal(p.Apps[0].Match, []string{"mycallapp"}) {
		t.Errorf("%+v", p)
	}
}

// What the user said by click or command wins over the settings file.
func TestClickWinsOverTheFile(t *testing.T) {
	in := newServed(t, "[calls]\ndeny = [\"Zoom\", \"webex\"]\nallow = [\"obs\", \"gather\"]\n")
	for _, args := range []string{`{"do":"allow","app":"zoom"}`, `{"do":"deny","app":"OBS"}`} {
		if _, err := ask(in, t.Context(), control.VerbJudge, args); err != nil {
			t.Fatal(err)
		}
	}
	if p := in.settings.Value().Programs(); !slices.Equal(p.Allow, []string{"zoom", "gather"}) || !slices.Equal(p.Deny, []string{"obs", "webex"}) {
		t.Errorf("%+v", p)
	}
}

// TestSocketObeysTheSchema asks over the real socket, once and following.
func TestSocketObeysTheSchema(t *testing.T) {
	in := newServed(t, "")
	dir, err := os.MkdirTemp("", "helio") // short: a socket's path
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	server, err := control.Listen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.Serve(t.Context(), in.verbs.answer)
	s := schema(t)
	var raw json.RawMessage
	if err := control.Call(t.Context(), dir, control.VerbStatus, nil, &raw); err != nil {
		t.Fatal(err)
	}
	checkSchema(t, s, raw)
	enough := errors.New("enough")
	f := allKnown(time.Now())
	in.publish.publish(f)
	err = control.Follow(t.Context(), dir, control.VerbFollow, nil, func(raw json.RawMessage) error {
		checkSchema(t, s, raw)
		if f.State.Since = f.State.Since.Add(time.Second); f.State.Since.After(time.Now().Add(3 * time.Second)) {
			return enough
		}
		in.publish.publish(f)
		return nil
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
}

// TestQuitReply renders what the loop left.
func TestQuitReply(t *testing.T) {
	if r := quitReply(nil); !r.Cleared || len(r.Left) != 0 || !r.Until.IsZero() {
		t.Errorf("nothing left: %+v", r)
	}
	now := time.Now().Round(0)
	r := quitReply([]presence.Left{
		{Kind: presence.LeftSession, Pair: presence.Available, Until: now.Add(time.Minute)},
		{Kind: presence.LeftPreferred, Pair: presence.PreferBusy, Until: now.Add(time.Hour)},
		{Kind: presence.LeftMessage, Until: now.Add(time.Second)},
	})
	if r.Cleared || !r.Until.Equal(now.Add(time.Hour)) || len(r.Left) != 3 {
		t.Fatalf("%+v", r)
	}
	for i, want := range []string{control.LeftSession, control.LeftPreferred, control.LeftMessage} {
		if l := r.Left[i]; l.What != want || (l.Presence == nil) != (want == control.LeftMessage) {
			t.Errorf("%+v, want a %s", l, want)
		}
	}
}

// TestMQTTCommandsAreChoices: MQTT accepts every status that there is, and a
// pause has the end that the menu gives it.
func TestMQTTCommandsAreChoices(t *testing.T) {
	in := newServed(t, "")
	in.opts.Demo = false // which has no outlets
	var c settings.Config
	if o := in.outletOptions(c).MQTT; o.Command != nil || len(o.Statuses) != 0 {
		t.Error("commands are accepted although the settings do not allow it")
	}
	c.MQTT.AllowCommands = true
	o := in.outletOptions(c).MQTT
	want := append(presence.Statuses(), presence.Paused)
	if len(o.Statuses) != len(want) {
		t.Errorf("it accepts %v, not %v", o.Statuses, want)
	}
	states, stop := in.loop.Subscribe()
	defer stop()
	for _, status := range o.Statuses {
		o.Command(status)
		s := <-states
		for s.Choice.Status != presence.Status(status) {
			s = <-states
		}
		paused := s.Choice.Status == presence.Paused
		if left := time.Until(s.Choice.Until).Round(time.Minute); paused && left != control.DefaultPause || !paused && !s.Choice.Until.IsZero() {
			t.Errorf("%s ends at %s", status, s.Choice.Until)
		}
	}
}

// FuzzAnswer holds the laws of the control socket: a request gets one answer
// or an error with a text, whatever it says, and the choice stays one that a
// person can make.
func FuzzAnswer(f *testing.F) {
	for verb := range everyVerb {
		f.Add(verb, "")
		f.Add(verb, "null")
		f.Add(verb, `{"extra":1}`)
	}
	f.Add(control.VerbChoose, `{"status":"busy","until":"2026-03-25T17:00:00Z","message":"x"}`)
	f.Add(control.VerbChoose, `{"status":"busy","until":"9999-12-31T23:59:59Z"}`)
	f.Add(control.VerbChoose, `{"status":"dnd"} {"status":"away"}`)
	f.Add(control.VerbJudge, `{"do":"deny","app":"zoom"}`)
	f.Add(control.VerbJudge, `{"do":"allow","app":"denied:own:allowed:"}`)
	f.Add("sing", `{}`)
	in := newServed(f, "")
	f.Fuzz(func(t *testing.T, verb, args string) {
		if verb == control.VerbShow || verb == control.VerbDoctor {
			return // these reach the desktop
		}
		ctx := t.Context()
		if verb == control.VerbFollow || verb == control.VerbLog { // these answer until ctx ends
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			cancel()
		}
		answers, err := ask(in, ctx, verb, args)
		if err != nil && (err.Error() == "" || len(answers) > 0) {
			t.Fatalf("%v with %v", answers, err)
		}
		if err == nil && len(answers) != 1 && verb != control.VerbFollow {
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

// TestChoiceIsNotHiddenByWrongSettings holds that the answer to a choice names
// only what keeps colleagues from seeing it.
func TestChoiceIsNotHiddenByWrongSettings(t *testing.T) {
	in := newServed(t, "[automatic]\naway_after = 5\n")
	var wrong control.State
	for _, a := range [][2]string{{control.VerbStatus, ""}, {control.VerbChoose, `{"status":"busy"}`}} {
		answers, err := ask(in, t.Context(), a[0], a[1])
		if err != nil || len(answers) != 1 {
			t.Fatalf("%s: %v, %v", a[0], answers, err)
		}
		s := answers[0].(control.State)
		if a[0] == control.VerbStatus {
			wrong = s
			continue
		}
		if wrong.Error == nil || s.Error != nil && *s.Error == *wrong.Error {
			t.Errorf("status says %v, the choice %v", wrong.Error, s.Error)
		}
	}
}
