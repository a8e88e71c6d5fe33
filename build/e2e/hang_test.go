//go:build unix

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/tray/words"
)

// Whatever does not answer, quit ends within five seconds and every command
// within ten. What hangs here was stopped while it ran: it keeps its sockets and
// names open and never answers.
const (
	quitWithin    = 5 * time.Second
	commandWithin = 10 * time.Second
)

// commands are all commands that call the running instance or another process
// and do not wait for a person.
var commands = [][]string{
	{"status"}, {"why"}, {"calls"}, {"calls", "deny", "obs"}, {"doctor"}, {"set", "busy"}, {"auto"}, {"pause"}, {"log"},
	{"config", "show"}, {"config", "check"}, {"autostart", "status"}, {"secret", "remove", "mqtt"}, {"version"},
}

// freeze stops a part of the desktop until the test ends.
func freeze(t *testing.T, name string) {
	t.Helper()
	freezePID(t, partPID(t, name))
}

func freezePID(t *testing.T, pid int) {
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

// hangs are the things that never answer, and how each comes to be used.
var hangs = map[string]func(t *testing.T, p *lab.Person, app *lab.Process){
	// It comes first of all: the sign-in page is what a signed-out person opens.
	"browser_and_editor": func(t *testing.T, p *lab.Person, app *lab.Process) {
		panel, name := onPanel(t, app)
		panel.click(name, words.Say("menu.settings"))
		panel.click(name, words.Say("menu.sign-out"))
		wait.Until(t, "the session is cleared", func() bool { return len(p.Emu.Self().Sessions) == 0 })
		panel.click(name, words.Say("menu.sign-in"))
		wait.Until(t, "the page is opened", func() bool { return exists(pageFile(p)) })
	},
	"notifications": func(t *testing.T, _ *lab.Person, _ *lab.Process) { freeze(t, "DUNST") },
	"keyring":       func(t *testing.T, _ *lab.Person, _ *lab.Process) { freeze(t, "KEYRING") },
	"sound": func(t *testing.T, _ *lab.Person, _ *lab.Process) {
		freeze(t, "PULSE")
		freeze(t, "PIPEWIRE")
	},
	"logind": func(t *testing.T, _ *lab.Person, _ *lab.Process) { freeze(t, "LOGIND") },
	"hook": func(t *testing.T, p *lab.Person, _ *lab.Process) {
		wait.Until(t, "the hook runs", func() bool { return exists(hookFile(p)) })
	},
	"microsoft": func(t *testing.T, p *lab.Person, _ *lab.Process) { freezePID(t, p.Emu.Process.PID()) },
}

// hookFile returns the file that the hook creates once it runs.
func hookFile(p *lab.Person) string { return filepath.Join(p.Dir, "hook-runs") }

// pageFile returns the file that the browser creates once it runs.
func pageFile(p *lab.Person) string { return filepath.Join(p.Dir, "page-opens") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// hanging returns a running instance whose browser, editor and hook never end,
// on a desktop of its own, whose parts may be stopped.
func hanging(t *testing.T) (*lab.Person, *lab.Process) {
	t.Helper()
	lab.Surroundings(t, "../desktop", "-l")
	p := newPerson(t, "1h")
	p.Login()
	dir := t.TempDir()
	script := "#!/bin/sh\ncase $1 in http*) touch " + pageFile(p) + " ;; esac\nexec sleep 1000\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	p.Env = append(p.Env, "PATH="+dir+":"+os.Getenv("PATH"))
	f, err := os.OpenFile(p.Config, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(f, "[hooks]\non_change = [\"sh\", \"-c\", \"touch %s; exec sleep 1000\"]\ntimeout = \"10m\"\n", hookFile(p))
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	touch(t)
	app := p.Command("run")
	wait.Until(t, "a session is set", func() bool { return len(p.Emu.Self().Sessions) == 1 })
	return p, app
}

func TestDeadlinesHoldWhateverHangs(t *testing.T) {
	all := func(t *testing.T, p *lab.Person, app *lab.Process) {
		for _, name := range slices.Sorted(maps.Keys(hangs)) {
			hangs[name](t, p, app)
		}
		for _, name := range []string{"X", "SYSTEMBUS", "BUS"} { // last: the others need them
			freeze(t, name)
		}
	}
	for name, hang := range hangs {
		t.Run(name, func(t *testing.T) { holdToDeadlines(t, hang, name != "microsoft") })
	}
	t.Run("all", func(t *testing.T) { holdToDeadlines(t, all, true) }) // signed out before Microsoft hangs
	t.Run("all_and_a_signal", func(t *testing.T) {
		p, app := hanging(t)
		all(t, p, app)
		endsWithin(t, p.Command("logout"), commandWithin)
		app.Signal(syscall.SIGTERM)
		endsWithin(t, app, quitWithin)
	})
}

// TestSecondSignalEndsAtOnce: a second signal does not wait for what heliograph
// still has to clear.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	p, app := hanging(t)
	freezePID(t, p.Emu.Process.PID())
	app.Signal(syscall.SIGTERM)
	wait.Until(t, "quitting has begun", func() bool { return strings.Contains(logOf(p), "quitting") })
	app.Signal(syscall.SIGTERM)
	endsWithin(t, app, time.Second)
	if app.Wait() == 0 {
		t.Error("its exit code says that everything was cleared")
	}
}

// holdToDeadlines runs every command beside what hangs, then quit, then a logout
// without an instance. cleared reports that quit can clear everything.
func holdToDeadlines(t *testing.T, hang func(*testing.T, *lab.Person, *lab.Process), cleared bool) {
	p, app := hanging(t)
	hang(t, p, app)
	for _, args := range commands {
		c := p.Command(args...)
		endsWithin(t, c, commandWithin)
		if strings.Contains(c.Output(), "panic") {
			t.Errorf("%v:\n%s", args, c.Output())
		}
	}
	c := p.Command("quit")
	endsWithin(t, c, quitWithin)
	endsWithin(t, app, quitWithin-time.Since(c.Began))
	if got := c.Wait() == 0; got != cleared {
		t.Errorf("quit reports that everything was cleared: %v, want %v:\n%s", got, cleared, c.Output())
	}
	endsWithin(t, p.Command("logout"), commandWithin)
}

// endsWithin fails the test unless a process ends within d.
func endsWithin(t *testing.T, p *lab.Process, d time.Duration) {
	t.Helper()
	if !p.EndsWithin(d) {
		t.Errorf("it does not end within %v:\n%s", d.Round(time.Millisecond), p.Output())
		p.Kill()
	}
}
