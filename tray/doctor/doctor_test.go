package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray/control"
	"heliograph/tray/settings"
)

// TestProbesHaveADeadline: one probe that never answers costs its deadline and
// a problem of its own, not the report.
func TestProbesHaveADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		began := time.Now()
		parts := probeAll(t.Context(), []probe{
			{"quick", func(context.Context) control.Part { return control.Part{Value: "works"} }},
			{"obeys", func(ctx context.Context) control.Part { <-ctx.Done(); return control.Part{Problem: ctx.Err().Error()} }},
			{"stuck", func(context.Context) control.Part { <-release; return control.Part{} }},
		})
		if took := time.Since(began); took > probeTimeout+time.Second {
			t.Errorf("it took %v", took)
		}
		for i, want := range []control.Part{{Name: "quick", Value: "works"}, {Name: "obeys", Problem: "context deadline exceeded"}, {Name: "stuck", Problem: "it does not answer"}} {
			p := parts[i]
			if p.Name != want.Name || p.Value != want.Value || p.Problem != want.Problem {
				t.Errorf("%+v, not %+v", p, want)
			}
		}
		if parts[2].Fix == "" {
			t.Error("no fix for what is stuck")
		}
	})
}

func TestAccountAndGraph(t *testing.T) {
	c := settings.Default()
	now := time.Now()
	for name, test := range map[string]struct {
		part                control.Part
		value, problem, fix string
	}{
		"signed_in":   {Account(c, "ada@contoso.example", nil), "ada@contoso.example", "", ""},
		"signed_out":  {Account(c, "", nil), "", "nobody is signed in", "run heliograph login"},
		"no_id":       {Account(c, "", graph.ErrNoClientID), "", "no application (client) id", "[account] client_id"},
		"locked":      {Account(c, "", graph.ErrVaultLocked), "", "the keyring is locked", "Unlock it"},
		"graph_works": {Graph(c, presence.State{SignedIn: true, Shown: presence.Shown{Pair: presence.Away}, ShownAt: now}), "a colleague saw Away/Away at ", "", ""},
		"graph_fails": {Graph(c, presence.State{SignedIn: true, Err: &graph.Error{Status: 503}}), "", "answers 503", "Retrying"},
		"graph_idle":  {Graph(c, presence.State{Err: presence.ErrSignIn}), "nobody is signed in", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []struct{ what, got, want string }{{"value", test.part.Value, test.value}, {"problem", test.part.Problem, test.problem}, {"fix", test.part.Fix, test.fix}} {
				if !strings.Contains(f.got, f.want) || (f.want == "" && f.got != "") {
					t.Errorf("%s is %q, not %q", f.what, f.got, f.want)
				}
			}
		})
	}
}

func TestSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	missing := Settings(settings.Open(settings.Options{Path: path}).Value(), nil)
	if missing.Name != "settings" || missing.Backend != path || !strings.Contains(missing.Value, "no file") || missing.Problem != "" {
		t.Errorf("without a file: %+v", missing)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v := settings.Open(settings.Options{Path: path}).Value()
	if p := Settings(v, nil); p.Value != "accepted" || p.Problem != "" {
		t.Errorf("with a file: %+v", p)
	}
	owner := settings.Open(settings.Options{Path: path})
	owner.SetSwitch("locked", false)
	if p := Settings(owner.Value(), nil); p.Value != "accepted; changed in the menu: automatic.away_when_locked" {
		t.Errorf("with a switch of the menu: %+v", p)
	}
	if p := Settings(v, errors.New("too many open files")); !strings.Contains(p.Problem, "too many open files") || p.Fix == "" {
		t.Errorf("with a file that is not watched: %+v", p)
	}
	if err := os.WriteFile(path, []byte("[log]\nlevel = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := Settings(settings.Open(settings.Options{Path: path}).Value(), nil)
	if !strings.HasPrefix(wrong.Problem, "line 2: log.level: ") || wrong.Fix == "" || wrong.Value != "" {
		t.Errorf("with a wrong file: %+v", wrong)
	}
}

// TestLog: without its file the log is a warning with a remedy.
func TestLog(t *testing.T) {
	r := Report(true, []control.Part{Log("/var/log", nil), Log("/var/log", errors.New("no room"))})
	if p := r.Parts[0]; p.Level != control.LevelOK || p.Backend != "/var/log" {
		t.Errorf("%+v", p)
	}
	if p := r.Parts[1]; p.Level != control.LevelWarning || !strings.Contains(p.Problem, "no room") || p.Fix == "" || p.Value != "" {
		t.Errorf("%+v", p)
	}
}

// TestLevels: over SSH much is absent, and only what is needed is a problem.
func TestLevels(t *testing.T) {
	broken := func(name string) control.Part { return control.Part{Name: name, Problem: "absent"} }
	r := Report(true, []control.Part{{Name: "tray", Value: "works"}, broken("idle"), broken("lock"), broken("toast"), broken("keyring"), broken("mqtt"), broken("new")})
	var got []control.Level
	for _, p := range r.Parts {
		got = append(got, p.Level)
	}
	want := []control.Level{control.LevelOK, control.LevelProblem, control.LevelWarning, control.LevelWarning, control.LevelProblem, control.LevelProblem, control.LevelProblem}
	if !slices.Equal(got, want) || r.Failing() != 4 {
		t.Errorf("levels %q, %d failing", got, r.Failing())
	}
}

// TestAProblemHasAFix examines the computer that it runs on, whatever it has.
func TestAProblemHasAFix(t *testing.T) {
	c := settings.Default()
	c.Hooks.OnChange = []string{"true"}
	r := Report(true, append(Surroundings(t.Context()), Account(c, "", errors.New("boom"))))
	if r.Failing() < 1 {
		t.Error("an error is not a problem")
	}
	for _, p := range r.Parts {
		if p.Name == "" || (p.Problem != "" && p.Fix == "") || (p.Problem == "") == (p.Value == "") {
			t.Errorf("%+v", p)
		}
	}
	if got := outletsOf(c); len(got) != 1 || got[0] != "hook" {
		t.Errorf("outlets %v", got)
	}
}
