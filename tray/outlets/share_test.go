package outlets

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// buffer is a log that outlets write to while a test reads.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func logger() (*slog.Logger, *buffer) {
	b := &buffer{}
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})), b
}

// patience is how long an outside process may take on a busy machine.
const patience = 20 * time.Second

// eventually asks until ok; outside processes tell nobody when they are done.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// without skips a test for what the machine lacks, and says so; where a whole
// desktop was promised, that is a failure.
func without(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" && os.Getenv("HELIOGRAPH_DESKTOP") != "" {
		t.Fatalf("there is no %s", what)
	}
	t.Skipf("skipped: there is no %s", what)
}

// read is a file's text; empty if there is none.
func read(path string) string {
	raw, _ := os.ReadFile(path)
	return string(raw)
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// available and inCall are two states that matter to others.
func available() State {
	return State{Choice: Choice{Status: "automatic"}, Wanted: Pair{"Available", "Available"}, Since: noon, Until: noon.Add(5 * time.Minute),
		Reason: Reason{Rule: "input", Text: "you are at the desk"}, Activity: Activity{LastInput: noon}, Account: "adele@contoso.example"}
}

func inCall() State {
	s := available()
	s.Wanted, s.Since = Pair{"Busy", "InACall"}, noon.Add(time.Minute)
	s.Reason = Reason{Rule: "call", Text: "Zoom is in a call since 12:01", App: "Zoom"}
	s.Activity.InCall, s.Activity.Call = true, "Zoom"
	return s
}

func TestStateHasTheNamesOfStatus(t *testing.T) {
	s := inCall()
	s.Sent = &Sent{s.Wanted, noon, noon.Add(15 * time.Minute)}
	s.Shown = &Shown{s.Wanted, "42", noon}
	var got map[string]any
	if err := json.Unmarshal(s.body(true), &got); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"choice.status", "wanted.availability", "wanted.activity", "reason.rule", "reason.text", "reason.app", "since", "until",
		"sent.availability", "sent.at", "sent.expires", "shown.availability", "shown.sequenceNumber", "shown.at",
		"activity.lastInput", "activity.idle", "activity.locked", "activity.inCall", "activity.call", "account", "error"} {
		v := any(got)
		for _, name := range strings.Split(path, ".") {
			m, _ := v.(map[string]any)
			v = m[name]
		}
		if v == nil {
			t.Errorf("%s is missing", path)
		}
	}
	if text := string(s.body(false)); strings.Contains(text, "adele") {
		t.Errorf("the account was told: %s", text)
	}
	s.Until = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	if !json.Valid(s.body(true)) {
		t.Error("an instant that JSON cannot hold broke the state")
	}
}

func TestOnlyWhatMattersIsAChange(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*State)
		worth  bool
	}{
		"input":      {func(s *State) { s.Activity.LastInput, s.Until = noon.Add(time.Hour), noon.Add(65*time.Minute) }, false},
		"renewal":    {func(s *State) { s.Sent = &Sent{s.Wanted, noon, noon} }, false},
		"read_again": {func(s *State) { s.Shown = &Shown{s.Wanted, "43", noon} }, false},
		"same_time":  {func(s *State) { s.Since = s.Since.In(time.FixedZone("", 3600)) }, false},
		"wanted":     {func(s *State) { s.Wanted.Activity = "Away" }, true},
		"rule":       {func(s *State) { s.Reason.Rule = "awake" }, true},
		"since":      {func(s *State) { s.Since = noon.Add(1) }, true},
		"choice":     {func(s *State) { s.Choice.Until = noon }, true},
		"locked":     {func(s *State) { s.Activity.Locked = true }, true},
		"call":       {func(s *State) { s.Activity.InCall = true }, true},
		"theirs":     {func(s *State) { s.Theirs.Availability = "Busy" }, true},
		"error":      {func(s *State) { s.Error = "offline" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := available()
			c.change(&s)
			if got := s.key() != available().key(); got != c.worth {
				t.Errorf("a change: %v", got)
			}
		})
	}
}

func TestHubWithoutOutlets(t *testing.T) {
	h := New(Options{})
	h.Publish(available())
	if parts := h.Parts(); len(parts) != 0 {
		t.Errorf("parts %v", parts)
	}
	h.Close(t.Context())
	h.Publish(inCall())
	h.Close(t.Context())
}

func TestPauseGrowsAndEnds(t *testing.T) {
	for failures, whole := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second, 10: pauseLast, 1000: pauseLast} {
		for range 100 {
			if d := pause(failures); d < whole/2 || d > whole {
				t.Fatalf("after %d failures %s", failures, d)
			}
		}
	}
}

// TestHubKeepsTheLatest has an outlet that is busy while states come: it is
// handed the last one alone, what does not matter is handed to nobody, and the
// publisher never waits.
func TestHubKeepsTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		var got []string
		ready := make(chan struct{})
		h.start(t.Context(), newReport(slog.New(slog.DiscardHandler), "slow", ""), func(_ context.Context, states <-chan State) {
			for s := range states {
				got = append(got, s.Reason.Rule)
				<-ready
			}
		})
		h.Publish(available())
		synctest.Wait()
		for i := range 100 {
			s := inCall()
			s.Reason.Rule = fmt.Sprint("rule", i)
			h.Publish(s)
			s.Activity.LastInput = noon.Add(time.Hour)
			h.Publish(s)
		}
		ready <- struct{}{}
		ready <- struct{}{}
		s := inCall()
		s.Reason.Rule = "rule99"
		h.Publish(s) // as before
		close(ready)
		h.Close(t.Context())
		if strings.Join(got, " ") != "input rule99" {
			t.Errorf("handed over %v", got)
		}
	})
}
