//go:build linux

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// start runs a program until the test ends. Wine passes no signals on, so that
// it is killed then, as in a crash.
func start(t *testing.T, env []string, name string, args ...string) *lab.Process {
	t.Helper()
	p := lab.Start(t, env, name, args...)
	t.Cleanup(p.Kill)
	return p
}

// windows returns a path as Wine's programs know it.
func windows(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

// wine runs a Windows program to its end and returns what it printed.
func wine(t *testing.T, args ...string) string {
	t.Helper()
	return wineWith(t, nil, args...)
}

func wineWith(t *testing.T, env []string, args ...string) string {
	t.Helper()
	p := start(t, env, "wine", args...)
	if code := p.Wait(); code != 0 {
		t.Fatalf("%q: exit %d:\n%s", args, code, p.Output())
	}
	return p.Output()
}

// person is a lab.Person whose heliograph runs under Wine.
type person struct {
	*lab.Person
	t *testing.T
}

// newPerson has settings, folders and an emulator of their own.
func newPerson(t *testing.T, awayAfter string) *person {
	t.Helper()
	console := lab.Build{Native: native, Command: []string{"wine", filepath.Join(built, consoleProgram)}, Path: windows}
	return &person{lab.NewPerson(t, console, lab.Settings{AwayAfter: awayAfter, Grace: "0s"}), t}
}

// program runs one of the builds with the person's settings.
func (p *person) program(file string, args ...string) *lab.Process {
	p.t.Helper()
	args = append([]string{filepath.Join(built, file)}, append(args, "--config", windows(p.Config))...)
	return start(p.t, p.Env, "wine", args...)
}

// Command runs the program with a console.
func (p *person) Command(args ...string) *lab.Process {
	p.t.Helper()
	return p.program(consoleProgram, args...)
}

// tray runs the program as it is run at sign-in.
func (p *person) tray() *lab.Process {
	p.t.Helper()
	return p.program(trayProgram, "run")
}

// signIn signs in, also beyond the end of the test.
func (p *person) signIn() {
	p.t.Helper()
	c := p.Command("login")
	// Wine has once failed to start a program, without a message.
	if c.Wait() != 0 && c.Output() == "" {
		c = p.Command("login")
	}
	if code := c.Wait(); code != 0 {
		p.t.Fatalf("login: exit %d:\n%s", code, c.Output())
	}
}

// login signs in until the test ends.
func (p *person) login() {
	p.t.Helper()
	p.signIn()
	p.t.Cleanup(func() { p.Command("logout").Wait() })
}

// logged reports whether the log of the running program contains this.
func (p *person) logged(what string) bool {
	p.t.Helper()
	c := p.Command("log")
	return c.Wait() == 0 && strings.Contains(c.Output(), what)
}

// running returns a signed-in person's heliograph that has set a session.
func running(t *testing.T, awayAfter string) (*person, *lab.Process) {
	t.Helper()
	p := newPerson(t, awayAfter)
	p.login()
	touch(t)
	app := p.tray()
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) == 1 })
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
		t.Fatalf("xdotool %q: %v: %s", args, err, out)
	}
}
