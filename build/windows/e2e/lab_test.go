//go:build linux

// Package e2e tells the stories of heliograph on Windows with the real program
// under Wine: build/wine go test ./build/windows/e2e. Only Microsoft is
// emulated, by the Linux build of the same program.
package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"heliograph/graph/emu"
)

// What is under test, built once.
var (
	native string // the Linux build, for the emulator
	built  string // the folder with the Windows build
)

func TestMain(m *testing.M) {
	if page := os.Getenv("HELIOGRAPH_E2E_BROWSE"); page != "" {
		if err := emu.Browser(nil, "self")(page); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv("WINE_DIR") == "" {
		fmt.Println("e2e: skipped: these stories need Wine: build/wine go test ./build/windows/e2e")
		return 0
	}
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	native, built = filepath.Join(dir, "heliograph"), filepath.Join(dir, "windows")
	for _, c := range [][]string{
		{"go", "build", "-o", native, "heliograph"},
		{"../build", "-a", "amd64", "-v", "9.8.7", "-s", built},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s%v: %v\n", out, c, err)
			return 1
		}
	}
	if err := standIns(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// standIns makes this test the browser, and a program with a call's name.
func standIns(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	script := "#!/bin/sh\nHELIOGRAPH_E2E_BROWSE=\"$1\" exec '" + self + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		return err
	}
	return os.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// patience is how long an outside process may take on a busy machine.
const patience = 30 * time.Second

// eventually asks until ok; outside processes tell nobody when they are done.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !within(patience, ok) {
		t.Fatalf("never: %s", what)
	}
}

func within(d time.Duration, ok func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(d); !ok(); <-tick.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// process is a program that a test has started.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// start runs a program until the test ends.
func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.WaitDelay = time.Second // what Wine leaves in the background holds the pipe
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %v:\n%s", name, args, p.output())
		}
	})
	return p
}

// kill ends a program as a crash would; Windows has no signals.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // it may have ended
	<-p.done
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%v does not end:\n%s", p.cmd.Args, p.output())
	}
	return p.cmd.ProcessState.ExitCode()
}

// windows is a path as Wine's programs know it.
func windows(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

// wine runs a Windows program to its end.
func wine(t *testing.T, args ...string) string {
	t.Helper()
	return wineWith(t, nil, args...)
}

func wineWith(t *testing.T, env []string, args ...string) string {
	t.Helper()
	p := start(t, env, "wine", args...)
	if code := p.wait(); code != 0 {
		t.Fatalf("%v: exit %d:\n%s", args, code, p.output())
	}
	return p.output()
}

// emulator is `heliograph emulate` as a process of its own.
type emulator struct {
	t   *testing.T
	url string
}

func newEmulator(t *testing.T) *emulator {
	t.Helper()
	p := start(t, nil, native, "emulate", "--listen", "127.0.0.1:0", "--json")
	var urls struct{ URL string }
	eventually(t, "the emulator tells its address", func() bool {
		line, _, ok := strings.Cut(p.output(), "\n")
		return ok && json.Unmarshal([]byte(line), &urls) == nil && urls.URL != ""
	})
	return &emulator{t, urls.URL}
}

// self is the emulated user.
func (e *emulator) self() emu.UserState {
	e.t.Helper()
	resp, err := http.Get(e.url + "/_emulator/state")
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	var s emu.State
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil || len(s.Users) == 0 {
		e.t.Fatalf("%v: %s", err, raw)
	}
	return s.Users[0]
}

func (e *emulator) shows(what string) bool {
	u := e.self()
	return u.Shown.Availability+"/"+u.Shown.Activity == what
}

// person is somebody with settings, signed in at an emulator.
type person struct {
	t      *testing.T
	emu    *emulator
	config string
	env    []string
}

// settings are quick: a minute's wait teaches nothing that a second's does not.
const settings = `[automatic]
away_after = "%s"
[calls]
debounce = "0s"
grace = "0s"
[account]
client_id = %q
tenant = "contoso.example"
emulator = %q
`

// newPerson has folders of their own, so that tests do not meet.
func newPerson(t *testing.T, awayAfter string) *person {
	t.Helper()
	e := newEmulator(t)
	dir := t.TempDir()
	p := &person{t: t, emu: e, config: filepath.Join(dir, "config.toml"),
		env: []string{"XDG_STATE_HOME=" + windows(dir), "XDG_RUNTIME_DIR=" + windows(dir)}}
	if err := os.WriteFile(p.config, []byte(fmt.Sprintf(settings, awayAfter, emu.AppID, e.url)), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// command runs the program with a console.
func (p *person) command(args ...string) *process {
	p.t.Helper()
	return p.program("heliograph-amd64.com", args...)
}

func (p *person) program(file string, args ...string) *process {
	p.t.Helper()
	return start(p.t, p.env, "wine", append([]string{filepath.Join(built, file)}, append(args, "--config", windows(p.config))...)...)
}

// tray runs the program as it is at sign-in.
func (p *person) tray() *process {
	p.t.Helper()
	return p.program("heliograph-amd64.exe", "run")
}

func (p *person) signIn() {
	p.t.Helper()
	c := p.command("login")
	// Wine itself has once failed to start a program, without a word.
	if c.wait() != 0 && c.output() == "" {
		c = p.command("login")
	}
	if code := c.wait(); code != 0 {
		p.t.Fatalf("login: exit %d:\n%s", code, c.output())
	}
}

// login signs in until the test ends.
func (p *person) login() {
	p.t.Helper()
	p.signIn()
	p.t.Cleanup(func() { p.command("logout").wait() })
}

// logged reports whether the running program's log has a line with this.
func (p *person) logged(what string) bool {
	p.t.Helper()
	c := p.command("log")
	return c.wait() == 0 && strings.Contains(c.output(), what)
}

// running is a signed-in person's heliograph, seen by colleagues.
func running(t *testing.T, awayAfter string) (*person, *process) {
	t.Helper()
	p := newPerson(t, awayAfter)
	p.login()
	touch(t)
	app := p.tray()
	eventually(t, "a session is set", func() bool { return len(p.emu.self().Sessions) == 1 })
	return p, app
}

var touches int

// touch moves the pointer over Wine's desktop, as a hand would.
func touch(t *testing.T) {
	t.Helper()
	touches++
	xdotool(t, "mousemove", fmt.Sprint(200+touches*37%300), fmt.Sprint(200+touches*53%300))
}

func xdotool(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("xdotool", args...).CombinedOutput(); err != nil {
		t.Fatalf("xdotool %v: %v: %s", args, err, out)
	}
}
