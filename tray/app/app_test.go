package app

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"heliograph/graph/presence"
	"heliograph/tray/settings"
)

func testInstance(t *testing.T) *instance {
	t.Helper()
	in := &instance{quit: func() {}, parts: newGroup(), opts: Options{Config: settings.Default()}, log: slog.New(slog.DiscardHandler), memory: openMemory(slog.New(slog.DiscardHandler), t.TempDir(), true)}
	in.loop = presence.New(presence.Options{})
	in.account = in.newAccount(t.Context())
	return in
}

func TestSwitchesWinOverTheFile(t *testing.T) {
	in := testInstance(t)
	want := presence.Policy{AwayAfter: 5 * time.Minute, AwayWhenLocked: true, BusyInCall: true}
	if got := in.policy(); got != want {
		t.Errorf("by default %+v", got)
	}
	for _, r := range in.rules() {
		in.toggle(r.ID)
	}
	want = presence.Policy{PresentWhenSharing: true, AwakeIsPresent: true, CallMessage: "In a {app} call"}
	if got := in.policy(); got != want {
		t.Errorf("all switched over: %+v", got)
	}
	again := openMemory(in.log, strings.TrimSuffix(in.memory.path, "/state.json"), true)
	if again.rule("locked", true) {
		t.Error("a switch is forgotten over a restart")
	}
	for _, r := range in.rules() {
		in.toggle(r.ID)
	}
	if n := len(in.memory.data.Rules); n != 0 {
		t.Errorf("%d switches are kept that agree with the file", n)
	}
}

func TestVerdictsReplaceEachOther(t *testing.T) {
	in := testInstance(t)
	in.memory.deny("Gather")
	in.memory.allow("gather")
	if denied, allowed := in.memory.verdicts(); len(denied) != 0 || len(allowed) != 1 {
		t.Errorf("denied %v, allowed %v", denied, allowed)
	}
	if !in.memory.forget("GATHER") || in.memory.forget("gather") {
		t.Error("forgetting does not tell whether there was anything")
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{5 * time.Minute: "5m", time.Hour: "1h", 90 * time.Minute: "1h30m", 90 * time.Second: "1m30s", 10 * time.Second: "10s"} {
		if got := short(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
