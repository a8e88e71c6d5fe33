package settings

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// place is a settings file and a folder for the state, both of the test alone.
type place struct {
	t           testing.TB
	path, state string
}

func newPlace(t testing.TB) *place {
	dir := t.TempDir()
	return &place{t: t, path: filepath.Join(dir, "config", "config.toml"), state: filepath.Join(dir, "state")}
}

func (p *place) write(text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) options() Options {
	return Options{Path: p.path, State: p.state, CallMessage: func(l Language) string { return "In a call, " + string(l) }}
}

// run opens an owner and runs it until the returned function is called, which
// waits for it.
func (p *place) run(o Options) (*Owner, func()) {
	owner := Open(o)
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); owner.Run(ctx) }()
	stop := func() { cancel(); <-done }
	p.t.Cleanup(stop)
	return owner, stop
}

// await receives settings until one of them is as it should be.
func await(t testing.TB, values <-chan Value, what string, ok func(Value) bool) Value {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for {
		select {
		case v := <-values:
			if ok(v) {
				return v
			}
		case <-deadline.C:
			t.Fatalf("never: %s", what)
		}
	}
}

func language(want Language) func(Value) bool {
	return func(v Value) bool { return v.General.Language == want && v.Problem == nil }
}

func TestWrongFileAtTheStart(t *testing.T) {
	p := newPlace(t)
	p.write("[general]\nlanguage = \"de\"\n\n[automatic]\naway_after = 5\n")
	v := Open(p.options()).Value()
	if !reflect.DeepEqual(v.Config, Default()) {
		t.Errorf("without a last good file %+v is used", v.Config)
	}
	if v.Problem == nil || v.Problem.Line != 5 || v.Problem.Key != "automatic.away_after" || v.Problem.File != p.path {
		t.Errorf("the problem is %+v", v.Problem)
	}
}

func TestLastGoodFileHolds(t *testing.T) {
	p := newPlace(t)
	p.write("[general]\nlanguage = \"de\"\n")
	_, stop := p.run(p.options())
	stop()
	p.write("[general]\nlanguage = \"d")
	v := Open(p.options()).Value()
	if v.General.Language != "de" || v.Problem == nil || v.Problem.Line != 2 || v.Origin("general.language") != (Origin{FromLastGood, 2}) {
		t.Errorf("%s from %s, %v", v.General.Language, v.Origin("general.language"), v.Problem)
	}
	fi, err := os.Stat(filepath.Join(p.state, lastGoodFile))
	if err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", fi, err)
	}
	// What another file said is not used for this one.
	other := p.options()
	other.Path = filepath.Join(t.TempDir(), "other.toml")
	if err := os.WriteFile(other.Path, []byte("[log"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v := Open(other).Value(); v.General.Language != "auto" || v.Problem == nil {
		t.Errorf("another file has %+v", v.General)
	}
}

// TestDamagedLastGoodFile: the defaults are used, as without a copy.
func TestDamagedLastGoodFile(t *testing.T) {
	p := newPlace(t)
	p.write("[general")
	if err := writeLastGood(p.state, p.path, []byte("[general]\nlanguage = \"xx\"\n")); err != nil {
		t.Fatal(err)
	}
	if v := Open(p.options()).Value(); !reflect.DeepEqual(v.Config, Default()) || v.Problem == nil {
		t.Errorf("%+v, %v", v.Config, v.Problem)
	}
}

func TestUnreadableFile(t *testing.T) {
	p := newPlace(t)
	if err := os.MkdirAll(p.path, 0o700); err != nil { // a folder
		t.Fatal(err)
	}
	if v := Open(p.options()).Value(); v.Problem == nil || !strings.Contains(v.Problem.Error(), "cannot be read") {
		t.Errorf("%v", v.Problem)
	}
}

// TestEditWhileRunning edits the file in each way that editors do.
func TestEditWhileRunning(t *testing.T) {
	p := newPlace(t)
	p.write("")
	owner, _ := p.run(p.options())
	values, end := owner.Subscribe()
	defer end()
	await(t, values, "the defaults", language("auto"))

	p.write("[general]\nlanguage = \"de\"\n")
	await(t, values, "written in place", language("de"))

	draft := filepath.Join(filepath.Dir(p.path), ".config.toml.swp")
	if err := os.WriteFile(draft, []byte("[general]\nlanguage = \"en\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(draft, p.path); err != nil {
		t.Fatal(err)
	}
	await(t, values, "renamed into place", language("en"))

	p.write("[general]\nlanguage = \"xx\"\n")
	v := await(t, values, "a wrong edit", func(v Value) bool { return v.Problem != nil })
	if v.General.Language != "en" || v.Problem.Line != 2 || v.Origin("general.language").Source != FromLastGood {
		t.Errorf("after a wrong edit %s is used, from the %s: %v", v.General.Language, v.Origin("general.language"), v.Problem)
	}

	if err := os.Remove(p.path); err != nil {
		t.Fatal(err)
	}
	await(t, values, "removed", language("auto"))
	if err := owner.Unwatched(); err != nil {
		t.Error(err)
	}
}

// TestFolderAppearsWhileRunning: at first there is not even the folder's
// parent, and later another folder takes its place.
func TestFolderAppearsWhileRunning(t *testing.T) {
	p := newPlace(t)
	p.path = filepath.Join(filepath.Dir(p.path), "deep", "deeper", "config.toml")
	owner, _ := p.run(p.options())
	values, end := owner.Subscribe()
	defer end()
	p.write("[general]\nlanguage = \"de\"\n")
	await(t, values, "folder and file are made", language("de"))
	if runtime.GOOS == "windows" {
		return // a folder that is watched keeps its name there
	}
	if err := os.Rename(filepath.Dir(p.path), filepath.Dir(p.path)+".old"); err != nil {
		t.Fatal(err)
	}
	await(t, values, "the folder is renamed", language("auto"))
	p.write("[general]\nlanguage = \"en\"\n")
	await(t, values, "another folder takes its place", language("en"))
	p.write("[general]\nlanguage = \"de\"\n")
	await(t, values, "and is watched", language("de"))
}

// TestLinkedFile: the file is a link into another folder, as people have it who
// keep their settings under version control.
func TestLinkedFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	p := newPlace(t)
	link := p.path
	p.path = filepath.Join(t.TempDir(), "dotfiles", "heliograph.toml")
	p.write("")
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(p.path, link); err != nil {
		t.Fatal(err)
	}
	o := p.options()
	o.Path = link
	owner, _ := p.run(o)
	values, end := owner.Subscribe()
	defer end()
	p.write("[general]\nlanguage = \"de\"\n")
	await(t, values, "the target is written", language("de"))
	other := filepath.Join(t.TempDir(), "other.toml")
	if err := os.WriteFile(other, []byte("[general]\nlanguage = \"en\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, link+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+".new", link); err != nil {
		t.Fatal(err)
	}
	await(t, values, "the link leads elsewhere", language("en"))
}

func TestSwitchesWinOverTheFile(t *testing.T) {
	p := newPlace(t)
	p.write("[automatic]\naway_after = \"10m\"\nwork_days = [\"mon\"]\n")
	owner, stop := p.run(p.options())
	before := owner.Value()
	for _, s := range before.Switches() {
		owner.SetSwitch(s.ID, !s.On)
	}
	want := before.Automatic
	want.AwayAfter, want.AwayWhenLocked, want.BusyInCall, want.WorkDays = 0, false, false, nil
	want.PresentWhenSharing, want.VideoIsPresence, want.CallMessage = true, true, "In a call, auto"
	v := owner.Value()
	if !reflect.DeepEqual(v.Automatic, want) {
		t.Errorf("all switched over: %+v", v.Automatic)
	}
	for key, source := range map[string]Source{"automatic.away_after": FromMenu, "automatic.call_message": FromMenu, "automatic.work_from": FromDefault} {
		if got := v.Origin(key); got.Source != source {
			t.Errorf("%s is from %s", key, got)
		}
	}
	if before.Origin("automatic.away_after") != (Origin{FromFile, 2}) {
		t.Errorf("an earlier value has changed: %s", before.Origin("automatic.away_after"))
	}
	stop()
	again := Open(p.options()) // as after a restart
	if !reflect.DeepEqual(again.Value(), v) {
		t.Errorf("after a restart %+v", again.Value())
	}
	for _, s := range again.Value().Switches() {
		again.SetSwitch(s.ID, !s.On)
	}
	if v := again.Value(); len(v.Menu.Switches) != 0 || !reflect.DeepEqual(v.Automatic, before.Automatic) {
		t.Errorf("switched back: %+v, %v", v.Automatic, v.Menu.Switches)
	}
}

// TestEditCountsWhereTheSwitchAgrees: a switch that was set back to what the
// file says does not hide a later edit.
func TestEditCountsWhereTheSwitchAgrees(t *testing.T) {
	p := newPlace(t)
	p.write("")
	owner, _ := p.run(p.options())
	values, end := owner.Subscribe()
	defer end()
	owner.SetSwitch("locked", false)
	owner.SetSwitch("locked", true)
	p.write("[automatic]\naway_when_locked = false\nbusy_in_call = false\n")
	await(t, values, "the edit counts", func(v Value) bool { return !v.Automatic.AwayWhenLocked })
	owner.SetSwitch("call", true)
	p.write("[automatic]\naway_when_locked = true\nbusy_in_call = false\n")
	await(t, values, "the switch counts", func(v Value) bool { return v.Automatic.AwayWhenLocked && v.Automatic.BusyInCall })
}

// TestClicksDoNotWaitForTheDisk: a click counts at once, and is written by Run.
func TestClicksDoNotWaitForTheDisk(t *testing.T) {
	p := newPlace(t)
	p.write("")
	owner := Open(p.options())
	owner.SetSwitch("locked", false)
	owner.Deny("obs")
	if v := owner.Value(); v.Automatic.AwayWhenLocked || len(v.Calls.Deny) != 1 {
		t.Errorf("%+v is used", v.Config)
	}
	if _, err := os.Stat(p.state); !os.IsNotExist(err) {
		t.Errorf("a click has written to the disk: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	owner.Run(ctx)
	if got := Open(p.options()).Value().Menu; !reflect.DeepEqual(got, owner.Value().Menu) {
		t.Errorf("after the end there is kept %+v", got)
	}
}

func TestLastWordOnAProgramCounts(t *testing.T) {
	p := newPlace(t)
	p.write("[calls]\ndeny = [\"gather\", \"obs\"]\nallow = [\"mine\"]\n")
	owner := Open(p.options())
	owner.Deny("Gather")
	owner.Allow("gather")
	owner.Deny("zoom")
	v := owner.Value()
	if !reflect.DeepEqual(v.Menu.Denied, []string{"zoom"}) || !reflect.DeepEqual(v.Menu.Allowed, []string{"gather"}) {
		t.Errorf("the menu has %+v", v.Menu)
	}
	if !reflect.DeepEqual(v.Calls.Deny, []string{"zoom", "obs"}) || !reflect.DeepEqual(v.Calls.Allow, []string{"gather", "mine"}) {
		t.Errorf("%+v is used", v.Calls)
	}
	if got := v.Origin("calls.deny").String(); got != "menu and file, line 2" {
		t.Errorf("they are from the %s", got)
	}
	if !owner.Forget("GATHER") || owner.Forget("gather") {
		t.Error("forgetting does not report whether there was anything")
	}
}

// TestMenuMovesToItsOwnFile: earlier versions kept it in state.json.
func TestMenuMovesToItsOwnFile(t *testing.T) {
	p := newPlace(t)
	if err := os.MkdirAll(p.state, 0o700); err != nil {
		t.Fatal(err)
	}
	former := filepath.Join(p.state, formerFile)
	if err := os.WriteFile(former, []byte(`{"presence":{"choice":{"status":"busy"}},"denied":["obs"],"rules":{"locked":false},"told":["no-host"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	want := Menu{Switches: map[string]bool{"locked": false}, Denied: []string{"obs"}}
	for range 2 { // the second time without the former file
		if v := Open(p.options()).Value(); !reflect.DeepEqual(v.Menu, want) || v.Automatic.AwayWhenLocked {
			t.Fatalf("%+v", v.Menu)
		}
		if err := os.Remove(former); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

func TestPolicyWinsOverAll(t *testing.T) {
	p := newPlace(t)
	p.write("[general]\nlanguage = \"de\"\n[automatic]\nbusy_in_call = false\n")
	o := p.options()
	o.Policy = []byte("[automatic]\nbusy_in_call = true\naway_when_locked = true\n")
	owner := Open(o)
	owner.SetSwitch("locked", false)
	v := owner.Value()
	if !v.Automatic.BusyInCall || !v.Automatic.AwayWhenLocked || v.General.Language != "de" {
		t.Errorf("%+v is used", v.Config)
	}
	if len(v.ChangedInMenu()) != 0 || !slices.ContainsFunc(v.Switches(), func(s Switch) bool { return s.ID == "locked" && s.On }) {
		t.Errorf("the menu shows %+v, changed are %v", v.Switches(), v.ChangedInMenu())
	}
	o.Policy = []byte("[calls]\ndeny = [\"zoom\"]\n")
	denied := Open(o)
	denied.Allow("zoom")
	if p := denied.Value().Programs(); !slices.Equal(p.Deny, []string{"zoom"}) {
		t.Errorf("the menu takes a program out of the policy: %+v", p)
	}
	if v.Origin("automatic.away_when_locked").Source != FromPolicy || v.Origin("general.language").Source != FromFile {
		t.Error("the origins are wrong")
	}
	var log bytes.Buffer
	o.Policy, o.Log = []byte("[automatic]\nbusy = 1\n"), slog.New(slog.NewTextHandler(&log, nil))
	if v := Open(o).Value(); v.Automatic.BusyInCall || !strings.Contains(log.String(), "busy") {
		t.Errorf("a wrong policy counts: %+v: %s", v.Automatic, &log)
	}
}

// TestLogNamesKeysNotValues: an address may have a secret in it.
func TestLogNamesKeysNotValues(t *testing.T) {
	p := newPlace(t)
	p.write("")
	var log bytes.Buffer
	o := p.options()
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	owner, stop := p.run(o)
	values, end := owner.Subscribe()
	defer end()
	p.write("[webhook]\nurl = \"https://example.com/token123\"\n")
	await(t, values, "the edit counts", func(v Value) bool { return v.Webhook.URL != "" })
	stop()
	if !strings.Contains(log.String(), "webhook.url") || strings.Contains(log.String(), "token123") {
		t.Errorf("the log has %s", &log)
	}
}
