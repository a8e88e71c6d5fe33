//go:build unix

// Package e2e tells the stories of heliograph with the real program on a real
// desktop: build/desktop go test ./build/e2e. Only Microsoft is emulated.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"heliograph/graph/emu"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	if page := os.Getenv("HELIOGRAPH_E2E_BROWSE"); page != "" {
		browse(page)
		return
	}
	os.Exit(run(m))
}

// browse makes this test binary a browser with a person in front of it.
func browse(page string) {
	if err := emu.Browser(nil, "self")(page); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(m *testing.M) int {
	if os.Getenv("DESK_DIR") == "" {
		if os.Getenv("CI") == "true" && os.Getenv("HELIOGRAPH_DESKTOP") != "" {
			fmt.Fprintln(os.Stderr, "e2e: there is no desktop")
			return 1
		}
		fmt.Println("e2e: skipped: these stories need a desktop: build/desktop go test ./build/e2e")
		return 0
	}
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "heliograph")
	if out, err := exec.Command("go", "build", "-o", binary, "heliograph").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		return 1
	}
	self, err := os.Executable()
	if err == nil {
		script := "#!/bin/sh\nHELIOGRAPH_E2E_BROWSE=\"$1\" exec '" + self + "'\n"
		err = os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700)
	}
	if err == nil {
		err = os.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// patience is how long an outside process may take on a busy machine.
const patience = 15 * time.Second

// eventually asks until ok; outside processes tell nobody when they are done.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}

// during holds that ok stays so for a while.
func during(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-tick.C {
		if !ok() {
			t.Fatalf("not any more: %s", what)
		}
	}
}

// process is a program that a test has started.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	began time.Time
	done  chan struct{}

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
func start(t testing.TB, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.Env = append(os.Environ(), env...)
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(patience):
			p.signal(syscall.SIGKILL)
			<-p.done
			t.Errorf("%s did not end", name)
		}
		if t.Failed() {
			t.Logf("%s %v:\n%s", name, args, p.output())
		}
	})
	return p
}

func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // it may have ended
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

// emulator is `heliograph emulate` as a process of its own.
type emulator struct {
	t   testing.TB
	url string
	p   *process
}

func newEmulator(t testing.TB) *emulator {
	t.Helper()
	p := start(t, nil, binary, "emulate", "--listen", "127.0.0.1:0", "--json")
	var urls struct{ URL string }
	eventually(t, "the emulator tells its address", func() bool {
		line, _, ok := strings.Cut(p.output(), "\n")
		return ok && json.Unmarshal([]byte(line), &urls) == nil && urls.URL != ""
	})
	return &emulator{t, urls.URL, p}
}

func (e *emulator) get(path string, out any) {
	e.t.Helper()
	resp, err := http.Get(e.url + "/_emulator/" + path)
	e.read(resp, err, out)
}

func (e *emulator) post(path string, in string) {
	e.t.Helper()
	resp, err := http.Post(e.url+"/_emulator/"+path, "application/json", strings.NewReader(in))
	e.read(resp, err, &json.RawMessage{})
}

func (e *emulator) read(resp *http.Response, err error, out any) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, raw)
	}
	if err == nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		e.t.Fatal(err)
	}
}

// self is the emulated user.
func (e *emulator) self() emu.UserState {
	e.t.Helper()
	var s emu.State
	e.get("state", &s)
	return s.Users[0]
}

func (e *emulator) shows(what string) bool {
	u := e.self()
	return u.Shown.Availability+"/"+u.Shown.Activity == what
}

// person is somebody with settings, signed in at an emulator.
type person struct {
	t      testing.TB
	emu    *emulator
	config string
	env    []string
}

// settings are quick: a minute's wait teaches nothing that a second's does not.
const settings = `[automatic]
away_after = "%s"
[calls]
debounce = "0s"
grace = "1s"
[account]
client_id = %q
tenant = "contoso.example"
emulator = %q
`

// newPerson has a home of their own, so that tests do not meet.
func newPerson(t testing.TB, awayAfter string) *person {
	t.Helper()
	e := newEmulator(t)
	dir := t.TempDir()
	run, err := os.MkdirTemp(os.Getenv("DESK_DIR"), "run") // short: a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	p := &person{t: t, emu: e, config: filepath.Join(dir, "config.toml"),
		env: []string{"XDG_STATE_HOME=" + dir, "XDG_RUNTIME_DIR=" + run}}
	if err := os.WriteFile(p.config, []byte(fmt.Sprintf(settings, awayAfter, emu.AppID, e.url)), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *person) command(args ...string) *process {
	p.t.Helper()
	return start(p.t, p.env, binary, append(args, "--config", p.config)...)
}

func (p *person) login() {
	p.t.Helper()
	c := p.command("login")
	if code := c.wait(); code != 0 {
		p.t.Fatalf("login: exit %d:\n%s", code, c.output())
	}
	p.t.Cleanup(func() { p.command("logout").wait() })
}

// log is what the person's heliograph has logged.
func (p *person) log() string {
	p.t.Helper()
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(p.config), "heliograph", "heliograph.log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatal(err)
	}
	return string(raw)
}

// running is a signed-in person's heliograph, seen by colleagues.
func running(t testing.TB, awayAfter string) (*person, *process) {
	t.Helper()
	p := newPerson(t, awayAfter)
	p.login()
	touch(t)
	app := p.command("run")
	eventually(t, "a session is set", func() bool { return len(p.emu.self().Sessions) == 1 })
	return p, app
}

// touch moves the pointer, as a hand would.
func touch(t testing.TB) {
	t.Helper()
	n := int(time.Now().UnixMilli())
	if out, err := exec.Command("xdotool", "mousemove", strconv.Itoa(200+n%300), strconv.Itoa(200+n/7%300)).CombinedOutput(); err != nil {
		t.Fatalf("xdotool: %v: %s", err, out)
	}
}

// record starts the recorder under another program's name.
func record(t testing.TB, name string) *process {
	t.Helper()
	real, err := exec.LookPath("pacat")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, raw, 0o700); err != nil {
		t.Fatal(err)
	}
	return start(t, nil, path, "--record", "/dev/null")
}
