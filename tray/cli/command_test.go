package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func testApp() *App { return &App{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard} }

// visitAll visits each command of ours.
func visitAll(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		if sub.Name() != "completion" { // cobra's own
			visitAll(sub, visit)
		}
	}
}

func TestEveryCommandIsDocumented(t *testing.T) {
	root := Command(testApp())
	visitAll(root, func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its line in the help is %q", c.CommandPath(), c.Short)
		}
		if c != root && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for i, line := range strings.Split(c.Long, "\n") {
			if len(line) > 80 {
				t.Errorf("%s: line %d of its help is too long for a terminal", c.CommandPath(), i+1)
			}
		}
	})
	for code := range 5 {
		if !strings.Contains(root.Long, "\n  "+string(rune('0'+code))+"  ") {
			t.Errorf("exit code %d is not documented", code)
		}
	}
}

// TestExplorerMayStartHeliograph holds on every system what only Windows acts
// on: cobra stops a program that Explorer started unless this text is empty.
func TestExplorerMayStartHeliograph(t *testing.T) {
	Command(testApp())
	if cobra.MousetrapHelpText != "" {
		t.Errorf("started by Explorer, heliograph would print %q and exit", cobra.MousetrapHelpText)
	}
}

// TestExamplesAreAccepted reads the first command of each example as a shell
// would, up to where it would begin to work.
func TestExamplesAreAccepted(t *testing.T) {
	visitAll(Command(testApp()), func(shown *cobra.Command) {
		for line := range strings.Lines(shown.Example) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " | ")
			line, _, _ = strings.Cut(line, " < ")
			rest, ours := strings.CutPrefix(line, "heliograph ")
			if !ours {
				continue
			}
			found, args, err := Command(testApp()).Find(shellWords(rest))
			if err == nil {
				err = found.ParseFlags(args)
			}
			if err == nil {
				err = found.Args(found, found.Flags().Args())
			}
			if err != nil || found.CommandPath() == "heliograph" {
				t.Errorf("%q: %s, %v", line, found.CommandPath(), err)
			}
		}
	})
}

// shellWords splits a line at spaces outside of double quotes.
func shellWords(line string) []string {
	var out []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// TestExitCodes tests the exit codes that need neither a desktop nor an
// instance.
func TestExitCodes(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.toml")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	bad := filepath.Join(t.TempDir(), "bad.toml")
	if err := os.WriteFile(bad, []byte("[automatic]\naway = \"5m\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		text string
	}{
		{"version", 0, ""},
		{"nonsense", 2, `unknown command "nonsense"`},
		{"stauts", 2, "did you mean status?"},
		{"calls alow obs", 2, "did you mean allow?"},
		{"completion tcsh", 2, `unknown command "tcsh"`},
		{"completion", 2, "name a shell"},
		{"--version", 0, ""},
		{"set", 2, "name one status"},
		{"set busyy", 2, "use one of automatic, available, busy"},
		{"set busy --for", 2, "flag needs an argument"},
		{"set busy --for 2x", 2, `as in "30m"`},
		{"set busy --until 25:00", 2, `write it as "17:00"`},
		{"set busy --for 1h --until 17:00", 2, "use one of them"},
		{"pause --for 1h --until 17:00", 2, "use one of them"},
		{"set busy --fur 1h", 2, "see heliograph set --help"},
		{"status now", 2, "takes no arguments"},
		{"calls deny", 2, "name one program"},
		{"calls denyy obs", 2, "unknown command \"denyy\""},
		{"autostart", 2, "needs one more word"},
		{"autostart maybe", 2, "unknown command \"maybe\""},
		{"secret set imap", 2, "webhook, mqtt, application"},
		{"secret set mqtt", 2, "the secret is empty"},
		{"login --timeout 0s", 2, "not a length of time"},
		{"emulate --profile v9", 2, "v1.0"},
		{"doctor --bundle --json", 2, "choose one of them"},
		{"config check --config " + bad, 2, "line 2: unknown key automatic.away"},
		{"status", 3, "heliograph is not running. Start it with: heliograph"},
		{"set busy --for 1h", 3, "is not running"},
		{"auto", 3, "is not running"},
		{"why", 3, "is not running"},
		{"calls", 3, "is not running"},
		{"log --follow", 3, "is not running"},
		{"login --config " + empty, 4, "client_id"},
		{"login --config " + filepath.Join(t.TempDir(), "none.toml"), 2, "there is no settings file"},
	} {
		t.Run(strings.ReplaceAll(c.args, " ", "_"), func(t *testing.T) {
			var out, errOut bytes.Buffer
			if code := Run(t.Context(), shellWords(c.args), strings.NewReader(""), &out, &errOut); code != c.code {
				t.Errorf("exit %d, not %d", code, c.code)
			}
			if !strings.Contains(errOut.String(), c.text) {
				t.Errorf("it says %q, not %q", errOut.String(), c.text)
			}
		})
	}
}

// TestMissingClientIDIsSaidOnce: the error has the same meaning as its advice,
// so login prints the advice alone.
func TestMissingClientIDIsSaidOnce(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	code := Run(t.Context(), []string{"login", "--config", empty}, strings.NewReader(""), &out, &errOut)
	if n := strings.Count(errOut.String(), "client_id"); code != 4 || n != 1 || strings.Count(errOut.String(), "\n") != 1 {
		t.Errorf("exit %d, client_id is named %d times: %q", code, n, errOut.String())
	}
}
