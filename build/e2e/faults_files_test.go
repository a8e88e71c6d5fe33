//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// odd is something that heliograph may find where its files and folders are.
type odd struct {
	prepare func(t *testing.T, p *lab.Person)
	// said is what the program says about it, on its standard error or in its log.
	said string
}

const noLog = "there is no log file"

// replace puts something in place of a file of the person's state.
func replace(name string, put func(path string) error) func(*testing.T, *lab.Person) {
	return func(t *testing.T, p *lab.Person) {
		t.Helper()
		path := filepath.Join(p.Dir, "heliograph", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := put(path); err != nil {
			t.Fatal(err)
		}
	}
}

func pipe(path string) error { return syscall.Mkfifo(path, 0o600) }

// huge makes a file that is large without taking room on the disk.
func huge(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(1 << 30)
}

func zeros(path string) error { return os.Symlink("/dev/zero", path) }

func garbage(path string) error {
	return os.WriteFile(path, bytes.Repeat([]byte{0, 0xff, '{', '"'}, 10_000), 0o600)
}

func empty(path string) error { return os.WriteFile(path, nil, 0o600) }

// settingsAre puts something in place of the settings file.
func settingsAre(put func(path string) error) func(*testing.T, *lab.Person) {
	return func(t *testing.T, p *lab.Person) {
		t.Helper()
		if err := os.Remove(p.Config); err != nil {
			t.Fatal(err)
		}
		if err := put(p.Config); err != nil {
			t.Fatal(err)
		}
	}
}

// within moves the person's folders and settings into a folder of this name.
func within(name string) func(*testing.T, *lab.Person) {
	return func(t *testing.T, p *lab.Person) {
		t.Helper()
		dir := filepath.Join(p.Dir, name)
		raw, err := os.ReadFile(p.Config)
		if err == nil {
			err = os.Mkdir(dir, 0o700)
		}
		p.Dir, p.Config = dir, filepath.Join(dir, "config.toml")
		if err == nil {
			err = os.WriteFile(p.Config, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Env = append(p.Env, "HOME="+dir, "XDG_STATE_HOME="+dir, "XDG_RUNTIME_DIR="+dir, "XDG_CONFIG_HOME="+dir)
	}
}

// oddities are what TestStartsWhateverItFinds starts with.
var oddities = map[string]odd{
	"state is a pipe":      {replace("state.json", pipe), "the saved state cannot be read"},
	"state never ends":     {replace("state.json", zeros), "the saved state cannot be read"},
	"state is huge":        {replace("state.json", huge), "the saved state cannot be read"},
	"state is garbage":     {replace("state.json", garbage), "the saved state cannot be read"},
	"state is empty":       {replace("state.json", empty), "the saved state cannot be read"},
	"menu is a pipe":       {replace("menu.json", pipe), "what was set in the menu cannot be read"},
	"timeline is a pipe":   {replace("timeline.jsonl", pipe), "the timeline cannot be read"},
	"log is a pipe":        {replace("heliograph.log", pipe), noLog},
	"log is a link":        {replace("heliograph.log", func(path string) error { return os.Symlink(path+".target", path) }), noLog},
	"settings are a pipe":  {settingsAre(pipe), "the settings file is wrong"},
	"settings never end":   {settingsAre(zeros), "the settings file is wrong"},
	"settings are huge":    {settingsAre(huge), "the settings file is wrong"},
	"settings are garbage": {settingsAre(garbage), "the settings file is wrong"},
	"settings begin with a BOM": {settingsAre(func(path string) error {
		return os.WriteFile(path, []byte("\ufeff[automatic]\naway_after = \"1h\"\n"), 0o600)
	}), ""},
	"a file in place of the folder for state": {func(t *testing.T, p *lab.Person) {
		if err := empty(filepath.Join(p.Dir, "heliograph")); err != nil {
			t.Fatal(err)
		}
	}, noLog},
	"the folder for state cannot be written to": {func(t *testing.T, p *lab.Person) { p.Env = append(p.Env, "XDG_STATE_HOME=/proc") }, noLog},
	"a runtime folder with a long path": {func(t *testing.T, p *lab.Person) {
		dir := filepath.Join(p.Dir, strings.Repeat("long", 30))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		p.Env = append(p.Env, "XDG_RUNTIME_DIR="+dir)
	}, ""},
	"no home":                  {func(t *testing.T, p *lab.Person) { p.Env = append(p.Env, "HOME=") }, ""},
	"a home with spaces":       {within("my home"), ""},
	"a home with quotes":       {within(`o'neill "the" $HOME`), ""},
	"a home in another script": {within("Büro 家"), ""},
	"a home with a newline":    {within("line\nbreak"), ""},
	"a home with an escape":    {within("es\x1b[31mcape"), ""},
	"a home that is not text":  {within("b\xff\xfed"), ""},
}

// TestStartsWhateverItFinds: whatever is in place of a file or a folder,
// heliograph starts, answers, and quits in time, and says what it could not use.
func TestStartsWhateverItFinds(t *testing.T) {
	removeShortFolders(t)
	for name, o := range oddities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t, "1h")
			o.prepare(t, p)
			app := p.Command("run")
			wait.Until(t, "it answers", func() bool { return app.Ended() || p.Command("calls").Wait() == 0 })
			if app.Ended() {
				t.Fatalf("it ended:\n%s", app.Output())
			}
			endsWithin(t, p.Command("doctor"), commandWithin)
			text := app.Output
			if o.said != noLog { // which may be a pipe here too
				text = func() string { return app.Output() + logOf(p) }
			}
			wait.Until(t, "it says "+o.said, func() bool { return strings.Contains(text(), o.said) })
			if o.said == "" && strings.Contains(text(), "the settings file is wrong") {
				t.Errorf("it refuses the settings:\n%s", text())
			}
			p.Command("set", "busy").Wait() // which writes the state
			quit := p.Command("quit")
			endsWithin(t, quit, quitWithin)
			endsWithin(t, app, quitWithin)
			if strings.Contains(text(), "panic") {
				t.Error(text())
			}
		})
	}
}

// removeShortFolders removes, at the end of the test, the folders that are made in
// place of those with a long path.
func removeShortFolders(t *testing.T) {
	t.Helper()
	short := func() []string {
		found, err := filepath.Glob(fmt.Sprintf("/tmp/heliograph-%d-*", os.Getuid()))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	before := short()
	t.Cleanup(func() {
		for _, dir := range short() {
			if !slices.Contains(before, dir) {
				os.RemoveAll(dir)
			}
		}
	})
}
