//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"heliograph/graph/emu"
)

// serial runs scripts one after another: they share one desktop, one pair of
// hands and one keyring.
type serial struct{ *testing.T }

func (t serial) Parallel()     {}
func (t serial) Verbose() bool { return testing.Verbose() }
func (t serial) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(serial{t}) })
}

// TestScripts plays the transcripts of testdata/script with the real program:
// each has a person of its own, with settings, state, socket and emulator.
// Beside testscript's own commands there are:
//
//	exits CODE COMMAND...       the command ends with this exit code
//	shows PAIR                  colleagues come to see this pair
//	await REGEXP COMMAND...     the command comes to print it
//	advance SPAN                the emulator's clock goes on
//	teams PAIR | teams clear    the user picks a presence in Teams, or clears it
//	device FILE                 the user enters the code that FILE tells
//	touch                       a hand moves the pointer
//	record NAME | unrecord NAME a program of this name records, or stops
func TestScripts(t *testing.T) {
	scripts := &scripts{}
	testscript.RunT(serial{t}, testscript.Params{Dir: "testdata/script", Setup: scripts.setUp, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "shows": scripts.shows, "await": await, "advance": scripts.advance, "teams": scripts.teams, "device": scripts.device,
			"touch": func(ts *testscript.TestScript, _ bool, _ []string) { touch(t) }, "record": scripts.record, "unrecord": scripts.unrecord,
		}})
}

// scripts is what the script of now has around it; they run one at a time.
type scripts struct {
	emu       *emulator
	recorders map[string]*exec.Cmd
}

func (s *scripts) setUp(env *testscript.Env) error {
	t := env.T().(serial).T
	s.emu, s.recorders = newEmulator(t), map[string]*exec.Cmd{}
	run, err := os.MkdirTemp(os.Getenv("DESK_DIR"), "run") // short: a socket's path
	if err != nil {
		return err
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "XDG_") && !slices.Contains([]string{"HOME", "TMPDIR", "PATH", "NO_COLOR", "LANG", "LC_ALL", "LANGUAGE"}, name) {
			env.Vars = append(env.Vars, v)
		}
	}
	in := func(name string) string { return filepath.Join(env.WorkDir, name) }
	env.Vars = append(env.Vars, "HOME="+in("home"), "XDG_CONFIG_HOME="+in("config"), "XDG_STATE_HOME="+in("state"), "XDG_CACHE_HOME="+in("cache"),
		"XDG_RUNTIME_DIR="+run, "EMULATOR="+s.emu.url, "LANG=C.UTF-8")
	extra, err := os.ReadFile(in("extra.toml")) // a script's own settings
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(in("config/heliograph"), 0o700); err != nil {
		return err
	}
	text := fmt.Sprintf(settings, "1h", emu.AppID, s.emu.url) + strings.ReplaceAll(string(extra), "$WORK", env.WorkDir)
	env.Defer(func() {
		for name := range s.recorders {
			s.stop(name)
		}
		c := exec.Command(binary, "logout")
		c.Env = env.Vars
		_ = c.Run() // a script that never signed in has nothing to forget
		os.RemoveAll(run)
	})
	return os.WriteFile(in("config/heliograph/config.toml"), []byte(text), 0o600)
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit %d, not %s", code, args[0])
	}
}

// sooner asks until ok, as eventually does.
func sooner(ts *testscript.TestScript, what func() string, ok func() bool) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			ts.Fatalf("never: %s", what())
		}
	}
}

func (s *scripts) shows(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: shows PAIR")
	}
	seen := ""
	sooner(ts, func() string { return "colleagues see " + args[0] + ": they see " + seen }, func() bool {
		u := s.emu.self().Shown
		seen = u.Availability + "/" + u.Activity
		return seen == args[0]
	})
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: await REGEXP COMMAND...")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	sooner(ts, func() string { return fmt.Sprintf("%q prints %q", args[1:], args[0]) }, func() bool {
		_ = ts.Exec(args[1], args[2:]...) // its words count, now or later
		return want.MatchString(ts.ReadFile("stdout"))
	})
}

func (s *scripts) advance(_ *testscript.TestScript, _ bool, args []string) {
	s.emu.post("advance", fmt.Sprintf(`{"by":%q}`, args[0]))
}

func (s *scripts) record(ts *testscript.TestScript, _ bool, args []string) {
	real, err := exec.LookPath("pacat")
	ts.Check(err)
	raw, err := os.ReadFile(real)
	ts.Check(err)
	path := ts.MkAbs("bin-" + args[0] + "/" + args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	ts.Check(os.WriteFile(path, raw, 0o700))
	c := exec.Command(path, "--record", "/dev/null")
	ts.Check(c.Start())
	s.recorders[args[0]] = c
}

func (s *scripts) unrecord(_ *testscript.TestScript, _ bool, args []string) { s.stop(args[0]) }

func (s *scripts) stop(name string) {
	if c := s.recorders[name]; c != nil {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait() // ended by the signal
		delete(s.recorders, name)
	}
}

// teams is the user at a Teams client.
func (s *scripts) teams(_ *testscript.TestScript, _ bool, args []string) {
	pair := ""
	if args[0] != "clear" {
		availability, activity, _ := strings.Cut(args[0], "/")
		pair = fmt.Sprintf(`"availability":%q,"activity":%q`, availability, activity)
	}
	s.emu.post("preferred", "{"+pair+"}")
}

var deviceCode = regexp.MustCompile(`enter the code (\S+)`)

// device is the user at another device.
func (s *scripts) device(ts *testscript.TestScript, _ bool, args []string) {
	m := deviceCode.FindStringSubmatch(ts.ReadFile(args[0]))
	if m == nil {
		ts.Fatalf("%s tells no code", args[0])
	}
	s.emu.post("device", fmt.Sprintf(`{"code":%q,"user":"self"}`, m[1]))
}
