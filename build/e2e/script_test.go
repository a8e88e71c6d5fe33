//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// serial runs scripts one after another: they share one desktop, its pointer and
// its keyring.
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
//	await REGEXP COMMAND...     the command prints it, now or at a later try
//	advance SPAN                the emulator's clock moves forward
//	teams PAIR | teams clear    the user picks a presence in Teams, or clears it
//	device FILE                 the user enters the code that FILE contains
//	touch                       the pointer moves
//	record NAME | unrecord NAME a program of this name records, or stops
//
// In the environment are EMULATOR, its address, and BROKER_HOST and BROKER_PORT,
// an address that is free for a broker.
func TestScripts(t *testing.T) {
	scripts := &scripts{}
	testscript.RunT(serial{t}, testscript.Params{Dir: "testdata/script", Setup: scripts.setUp, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "shows": scripts.shows, "await": await, "advance": scripts.advance, "teams": scripts.teams, "device": scripts.device,
			"touch": func(ts *testscript.TestScript, _ bool, _ []string) { touch(t) }, "record": scripts.record, "unrecord": scripts.unrecord,
		}})
}

// scripts holds what the current script has around it; they run one at a time.
type scripts struct {
	t         *testing.T
	emu       *lab.Emulator
	recorders map[string]*exec.Cmd
}

func (s *scripts) setUp(env *testscript.Env) error {
	s.t = env.T().(serial).T
	s.emu, s.recorders = lab.StartEmulator(s.t, binary), map[string]*exec.Cmd{}
	run, err := os.MkdirTemp("", "run") // short: the path of a socket has 107 bytes at most
	if err != nil {
		return err
	}
	broker, err := freeAddress()
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
		"XDG_RUNTIME_DIR="+run, "EMULATOR="+s.emu.URL, "BROKER_HOST="+broker.IP.String(), fmt.Sprint("BROKER_PORT=", broker.Port), "LANG=C.UTF-8")
	extra, err := os.ReadFile(in("extra.toml")) // a script's own settings
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(in("config/heliograph"), 0o700); err != nil {
		return err
	}
	text := lab.Settings{AwayAfter: "1h", Grace: "1s"}.Text(s.emu) + strings.NewReplacer("$WORK", env.WorkDir, "$BROKER", broker.String()).Replace(string(extra))
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

// freeAddress finds a port for a program that cannot choose one. The address is
// a random one of the loopback network, so that nobody else takes the port
// before the program has it.
func freeAddress() (*net.TCPAddr, error) {
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(250), 1+rand.IntN(250))
	ln, err := net.Listen("tcp", host+":0")
	if err != nil {
		return nil, err
	}
	address := ln.Addr().(*net.TCPAddr)
	return address, ln.Close()
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

// eventually does what wait.Until does, for a script. It calls what after
// the wait.
func eventually(ts *testscript.TestScript, what func() string, ok func() bool) {
	if !wait.Within(wait.Patience, ok) {
		ts.Fatalf("never: %s", what())
	}
}

func (s *scripts) shows(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: shows PAIR")
	}
	seen := ""
	eventually(ts, func() string { return "colleagues see " + args[0] + ": they see " + seen }, func() bool {
		seen = s.emu.Shown()
		return seen == args[0]
	})
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: await REGEXP COMMAND...")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	eventually(ts, func() string { return fmt.Sprintf("%q prints %q", args[1:], args[0]) }, func() bool {
		_ = ts.Exec(args[1], args[2:]...) // only what it prints counts
		return want.MatchString(ts.ReadFile("stdout"))
	})
}

func (s *scripts) advance(_ *testscript.TestScript, _ bool, args []string) {
	s.emu.Post("advance", fmt.Sprintf(`{"by":%q}`, args[0]))
}

func (s *scripts) record(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs("bin-" + args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	c := exec.Command(recorderNamed(s.t, dir, args[0]), "--record", "/dev/null")
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

// teams acts as the user at a Teams client.
func (s *scripts) teams(_ *testscript.TestScript, _ bool, args []string) {
	pair := ""
	if args[0] != "clear" {
		availability, activity, _ := strings.Cut(args[0], "/")
		pair = fmt.Sprintf(`"availability":%q,"activity":%q`, availability, activity)
	}
	s.emu.Post("preferred", "{"+pair+"}")
}

var deviceCode = regexp.MustCompile(`enter the code (\S+)`)

// device acts as the user at another device.
func (s *scripts) device(ts *testscript.TestScript, _ bool, args []string) {
	m := deviceCode.FindStringSubmatch(ts.ReadFile(args[0]))
	if m == nil {
		ts.Fatalf("%s contains no code", args[0])
	}
	s.emu.Post("device", fmt.Sprintf(`{"code":%q,"user":"self"}`, m[1]))
}
