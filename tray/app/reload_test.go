package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heliograph/build/wait"
	"heliograph/graph"
	"heliograph/graph/emu"
	"heliograph/tray/control"
	"heliograph/tray/outlets"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// started is a running instance with everything but the tray.
type started struct {
	t     *testing.T
	dir   string // of the control socket
	path  string // of the settings file
	level slog.LevelVar
}

// startInstance runs an instance on an emulator until the test ends, with a
// settings file of this text.
func startInstance(t *testing.T, s *emu.Server, text string) *started {
	t.Helper()
	run, err := os.MkdirTemp("", "run") // short: a socket's path
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	t.Cleanup(func() {
		words.Use("en")
		os.RemoveAll(run)
	})
	in := &started{t: t, dir: run, path: filepath.Join(state, "config.toml")}
	in.write(text)
	owner := settings.Open(settings.Options{Path: in.path, State: state, CallMessage: func(settings.Language) string { return "In a {app} call" }})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Settings: owner, Log: slog.New(slog.DiscardHandler), Level: &in.level, Vault: &graph.MemoryVault{}, Dir: run,
			Transport: s.Transport(), OpenURL: func(page string) error {
				go func() { _ = emu.Browser(s.Transport(), "self")(page) }() // a failure shows as nobody signed in
				return nil
			}})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return in
}

func (in *started) write(text string) {
	in.t.Helper()
	if err := os.WriteFile(in.path, []byte(text), 0o600); err != nil {
		in.t.Fatal(err)
	}
}

var errEnough = errors.New("it is as it should be")

// await follows the instance until it publishes a state as it should be.
func (in *started) await(what string, ok func(control.State) bool) control.State {
	in.t.Helper()
	ctx, cancel := context.WithTimeout(in.t.Context(), 20*time.Second)
	defer cancel()
	var s control.State
	follow := func() error {
		err := control.Follow(ctx, in.dir, control.VerbFollow, nil, func(now control.State) error {
			if s = now; ok(now) {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	}
	// At first nothing may listen yet.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	err := follow()
	for ; err != nil && ctx.Err() == nil; err = follow() {
		<-tick.C
	}
	if err != nil {
		in.t.Fatalf("never: %s: %v; it publishes %+v", what, err, s)
	}
	return s
}

// awaitLevel waits until the log has a level, which no state shows.
func (in *started) awaitLevel(want slog.Level) {
	in.t.Helper()
	if !wait.Within(wait.Patience, func() bool { return in.level.Level() == want }) {
		in.t.Fatalf("the log's level is %v", in.level.Level())
	}
}

func (in *started) ask(verb string, into any) {
	in.t.Helper()
	ctx, cancel := context.WithTimeout(in.t.Context(), 20*time.Second)
	defer cancel()
	if err := control.Call(ctx, in.dir, verb, nil, into); err != nil {
		in.t.Fatalf("%s: %v", verb, err)
	}
}

// settingsPart returns the part of doctor for the settings.
func (in *started) settingsPart() control.Part {
	in.t.Helper()
	var r control.Report
	in.ask(control.VerbDoctor, &r)
	for _, p := range r.Parts {
		if p.Name == "settings" {
			return p
		}
	}
	in.t.Fatal("doctor has no part for the settings")
	return control.Part{}
}

func hasError(text string) func(control.State) bool {
	return func(s control.State) bool { return s.Error != nil && strings.Contains(*s.Error, text) }
}

func hasRule(rule string) func(control.State) bool {
	return func(s control.State) bool { return s.Reason != nil && s.Reason.Rule == rule }
}

// outsideHours are working hours that are over on every day after one minute.
const outsideHours = "[automatic]\nwork_days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\nwork_from = \"00:00\"\nwork_to = \"00:01\"\n"

const clientID = "[account]\nclient_id = \"" + emu.AppID + "\"\n"

// TestWrongSettingsAtTheStart: the instance runs, and says what is wrong.
func TestWrongSettingsAtTheStart(t *testing.T) {
	in := startInstance(t, emu.New(emu.Options{}), "[general]\nlanguage = de\n")
	in.await("the mistake", hasError("line 2"))
	if p := in.settingsPart(); !strings.Contains(p.Problem, "line 2: is not valid TOML") || p.Fix == "" {
		t.Errorf("doctor says %+v", p)
	}
	var s control.Settings
	in.ask(control.VerbSettings, &s)
	if !strings.Contains(s.Problem, "line 2") || !strings.Contains(s.Text, "language = 'auto' # default") {
		t.Errorf("config show prints %q and\n%s", s.Problem, s.Text)
	}
	in.write("")
	in.await("it is corrected", hasError("No application ID"))
	if p := in.settingsPart(); p.Problem != "" || p.Value != "accepted" {
		t.Errorf("doctor says %+v", p)
	}
}

// TestSettingsChangeWhileRunning edits the file of a running instance.
func TestSettingsChangeWhileRunning(t *testing.T) {
	in := startInstance(t, emu.New(emu.Options{}), "")
	in.await("nobody can sign in", hasError("No application ID"))

	in.write(clientID + "[log]\nlevel = \"warn\"\n")
	in.await("somebody can sign in", func(s control.State) bool { return s.Error == nil || !strings.Contains(*s.Error, "No application ID") })
	in.awaitLevel(slog.LevelWarn) // the account and the log follow on their own

	in.write(clientID + outsideHours)
	in.await("working hours are over", hasRule("hours"))

	in.write(clientID + outsideHours + "busy_in_call = 1\n")
	s := in.await("a mistake", hasError("line 7"))
	if !hasRule("hours")(s) {
		t.Errorf("with a mistake in the file other rules are used: %+v", s.Reason)
	}

	in.write(clientID + "[general]\nlanguage = \"de\"\n")
	in.await("another language, and no working hours", func(s control.State) bool {
		return s.Error != nil && strings.Contains(*s.Error, "angemeldet") && !hasRule("hours")(s)
	})
}

// TestOutletsFollowTheirSections: only the outlet whose section changes is
// opened anew, and it gets the state of now.
func TestOutletsFollowTheirSections(t *testing.T) {
	posted := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { posted <- r.URL.Path }))
	defer server.Close()
	s := newOutletSet(func(c settings.Config) outlets.Options {
		return outlets.Options{Log: slog.New(slog.DiscardHandler), Bus: c.DBus.Enabled, Webhook: outlets.Webhook{URL: c.Webhook.URL},
			Hook: outlets.Hook{Command: c.Hooks.OnChange, Timeout: time.Second}}
	})
	receive := func(want string) {
		t.Helper()
		select {
		case got := <-posted:
			if got != want {
				t.Errorf("posted to %s, not to %s", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("nothing was posted to %s", want)
		}
	}
	c := settings.Default()
	c.Hooks.OnChange, c.Webhook.URL = []string{"heliograph-has-no-such-hook"}, server.URL+"/first"
	s.set(c)
	before := s.hubs[0].hub
	s.Publish(control.State{Text: "Available", Reason: &control.Reason{Rule: "input"}, Wanted: &control.Pair{Availability: "Available"}})
	receive("/first")
	c.Webhook.URL = server.URL + "/second"
	s.set(c)
	receive("/second")
	if s.hubs[0].hub != before {
		t.Error("the hook was opened anew although its section is the same")
	}
	c.Webhook.URL = ""
	s.set(c)
	names := ""
	for _, p := range s.Parts() {
		names += p.Name + " "
	}
	if !strings.HasPrefix(names, "hook ") || strings.Contains(names, "webhook") {
		t.Errorf("the outlets are %s", names)
	}
	s.Close()
	c.Webhook.URL = server.URL + "/third"
	s.set(c) // does nothing any more
	select {
	case got := <-posted:
		t.Errorf("after Close there was a post to %s", got)
	default:
	}
}
