//go:build unix

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/tray/words"
)

// Law 8: whatever does not answer, quit ends within five seconds and every
// command within ten. What hangs here is stopped in the middle of its life: it
// keeps its sockets and names open and never answers.
const (
	quitWithin    = 5 * time.Second
	commandWithin = 10 * time.Second
)

// commands are all that speak to the running instance or to the outside and do
// not wait for a person.
var commands = [][]string{
	{"status"}, {"why"}, {"calls"}, {"calls", "deny", "obs"}, {"doctor"}, {"set", "busy"}, {"auto"}, {"pause"}, {"log"},
	{"config", "show"}, {"config", "check"}, {"autostart", "status"}, {"secret", "remove", "mqtt"}, {"version"},
}

// freeze stops a process of the desktop until the test ends.
func freeze(t *testing.T, part string) {
	t.Helper()
	pid, err := strconv.Atoi(os.Getenv("DESK_PID_" + part))
	if err != nil {
		t.Fatalf("the desktop has no %s: %v", part, err)
	}
	freezePid(t, pid)
}

func freezePid(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	})
}

// hangs are what never answers, and how it comes to be used.
var hangs = map[string]func(t *testing.T, p *person, app *process){
	"browser_and_editor": func(t *testing.T, _ *person, app *process) {
		desk, name := onPanel(t, app)
		desk.click(name, words.Say("menu.settings"))
	},
	"notifications": func(t *testing.T, _ *person, _ *process) { freeze(t, "DUNST") },
	"keyring":       func(t *testing.T, _ *person, _ *process) { freeze(t, "KEYRING") },
	"sound":         func(t *testing.T, _ *person, _ *process) { freeze(t, "PULSE"); freeze(t, "PIPEWIRE") },
	"logind":        func(t *testing.T, _ *person, _ *process) { freeze(t, "LOGIND") },
	"hook": func(t *testing.T, p *person, _ *process) {
		eventually(t, "the hook runs", func() bool { return exists(p.hook()) })
	},
	"microsoft": func(t *testing.T, p *person, _ *process) { freezePid(t, p.emu.p.cmd.Process.Pid) },
}

// hook is the file that a person's hook makes when it has begun.
func (p *person) hook() string { return filepath.Join(filepath.Dir(p.config), "hook-runs") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// hanging is a running instance whose browser, editor and hook never end.
func hanging(t *testing.T) (*person, *process) {
	t.Helper()
	p := newPerson(t, "1h")
	p.login()
	dir := t.TempDir()
	script := "#!/bin/sh\nexec sleep 1000\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "PATH="+dir+":"+os.Getenv("PATH"))
	f, err := os.OpenFile(p.config, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(f, "[hooks]\non_change = [\"sh\", \"-c\", \"touch %s; exec sleep 1000\"]\ntimeout = \"10m\"\n", p.hook())
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	touch(t)
	app := p.command("run")
	eventually(t, "a session is set", func() bool { return len(p.emu.self().Sessions) == 1 })
	return p, app
}

func TestNothingThatHangsHoldsItUp(t *testing.T) {
	all := func(t *testing.T, p *person, app *process) {
		for _, name := range slices.Sorted(maps.Keys(hangs)) {
			hangs[name](t, p, app)
		}
	}
	for name, hang := range hangs {
		t.Run(name, func(t *testing.T) { holdToDeadlines(t, hang) })
	}
	t.Run("all", func(t *testing.T) { holdToDeadlines(t, all) })
	t.Run("all_and_a_signal", func(t *testing.T) {
		p, app := hanging(t)
		all(t, p, app)
		app.signal(syscall.SIGTERM)
		app.endsWithin(quitWithin)
	})
}

// TestSecondSignalEndsAtOnce holds that an impatient person need not wait for
// what heliograph still gives back.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	p, app := hanging(t)
	freezePid(t, p.emu.p.cmd.Process.Pid)
	app.signal(syscall.SIGTERM)
	eventually(t, "quitting has begun", func() bool { return strings.Contains(p.log(), "quitting") })
	app.signal(syscall.SIGTERM)
	app.endsWithin(time.Second)
	if app.cmd.ProcessState.Success() {
		t.Error("it claims to have ended in order")
	}
}

func holdToDeadlines(t *testing.T, hang func(*testing.T, *person, *process)) {
	p, app := hanging(t)
	hang(t, p, app)
	for _, args := range commands {
		c := p.command(args...)
		c.endsWithin(commandWithin)
		if strings.Contains(c.output(), "panic") {
			t.Errorf("%v:\n%s", args, c.output())
		}
	}
	c := p.command("quit")
	c.endsWithin(quitWithin)
	app.endsWithin(quitWithin - time.Since(c.began))
}

// endsWithin holds a process to a deadline.
func (p *process) endsWithin(d time.Duration) {
	p.t.Helper()
	select {
	case <-p.done:
		if took := time.Since(p.began); took > time.Second {
			p.t.Logf("%v took %v", p.cmd.Args[1:2], took.Round(10*time.Millisecond))
		}
	case <-time.After(d):
		p.t.Errorf("%v does not end within %v:\n%s", p.cmd.Args[1:2], d.Round(time.Millisecond), p.output())
		p.signal(syscall.SIGKILL)
		<-p.done
	}
}
