package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// openTestSettings opens settings of the test alone, from a file with this text.
func openTestSettings(t testing.TB, text string) *settings.Owner {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return settings.Open(settings.Options{Path: path, State: filepath.Join(dir, "state"), CallMessage: func(settings.Language) string { return "In a {app} call" }})
}

func TestSwitchesDecideThePolicy(t *testing.T) {
	in := &clicks{instance: &instance{log: slog.New(slog.DiscardHandler), settings: openTestSettings(t, "")}}
	want := presence.Policy{AwayAfter: 5 * time.Minute, AwayWhenLocked: true, BusyInCall: true}
	if got := in.settings.Value().Policy(); got != want {
		t.Errorf("by default %+v", got)
	}
	for _, r := range rules(in.settings.Value(), true) {
		in.toggle(r.ID)
	}
	want = presence.Policy{PresentWhenSharing: true, AwakeIsPresent: true, CallMessage: "In a {app} call"}
	if got := in.settings.Value().Policy(); got != want {
		t.Errorf("all switched over: %+v", got)
	}
	for _, r := range rules(in.settings.Value(), true) {
		if r.ID == "idle" && (r.On || r.Label != words.Say("rule.idle", "5 minutes")) {
			t.Errorf("a switch that is off reads %+v", r)
		}
	}
}

// TestSwitchesWithoutATrigger: a switch that nothing on this computer can trigger
// is greyed, and its label says why.
func TestSwitchesWithoutATrigger(t *testing.T) {
	v := openTestSettings(t, "").Value()
	greyed := func(seesAwake bool) (ids []string) {
		for _, r := range rules(v, seesAwake) {
			if r.Greyed {
				ids = append(ids, r.ID+": "+r.Label)
			}
		}
		return ids
	}
	want := []string{"sharing: " + words.Say("rule.sharing.none"), "hours: " + words.Say("rule.hours.none")}
	if got := greyed(true); !slices.Equal(got, want) {
		t.Errorf("greyed are %q, want %q", got, want)
	}
	want = slices.Insert(want, 1, "awake: "+words.Say("rule.awake.none"))
	if got := greyed(false); !slices.Equal(got, want) {
		t.Errorf("where no program that keeps the screen awake is seen, greyed are %q, want %q", got, want)
	}
}
