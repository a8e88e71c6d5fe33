package outlets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"heliograph/tray/control"
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

// newHub starts a hub, and returns it with what it logs.
func newHub(t *testing.T, o Options) (*Hub, *buffer) {
	t.Helper()
	log, out := logger()
	o.Log = log
	h := New(o)
	t.Cleanup(func() {
		h.Close(t.Context())
		if t.Failed() {
			t.Logf("parts %+v\n%s", h.Parts(), out)
		}
	})
	return h, out
}

// skipWithout skips a test that needs what is not installed here. Where a whole
// desktop was promised, that is a failure.
func skipWithout(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" && os.Getenv("HELIOGRAPH_DESKTOP") != "" {
		t.Fatalf("there is no %s", what)
	}
	t.Skipf("skipped: there is no %s", what)
}

// read returns a file's text; empty if there is none.
func read(path string) string {
	raw, _ := os.ReadFile(path)
	return string(raw)
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// ptr returns a pointer to v.
func ptr[T any](v T) *T { return &v }

// available and inCall are two states that differ in what matters to others.
// They hold everything that some outlet must leave out.
func available() control.State {
	return control.State{
		Text:     "Available",
		Choice:   control.Choice{Status: "automatic", Message: ptr("a message for colleagues")},
		Wanted:   &control.Pair{Availability: "Available", Activity: "Available"},
		Reason:   &control.Reason{Rule: "input", Text: "you are at the desk"},
		Since:    ptr(noon),
		Until:    ptr(noon.Add(5 * time.Minute)),
		Activity: control.Activity{LastInput: ptr(noon)},
		Account:  ptr("adele@contoso.example"),
	}
}

func inCall() control.State {
	s := available()
	s.Text = "Busy, in a call"
	s.Wanted = &control.Pair{Availability: "Busy", Activity: "InACall"}
	s.Since = ptr(noon.Add(time.Minute))
	s.Reason = &control.Reason{Rule: "call", Text: "Zoom is in a call since 12:01", App: ptr("Zoom")}
	s.Activity.InCall, s.Activity.Call = true, ptr("Zoom")
	return s
}

// withRule returns a state that differs from others by its rule.
func withRule(s control.State, rule string) control.State {
	s.Reason = &control.Reason{Rule: rule, Text: s.Reason.Text, App: s.Reason.App}
	return s
}

// checkState checks what an outlet sent: it obeys the schema, says what want
// says, and leaves out the status message and, unless account is set, the
// account.
func checkState(t *testing.T, raw []byte, want control.State, account bool) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../../build/status.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%v\n%s", err, raw)
	}
	var got control.State
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if keyOf(got) != keyOf(want) {
		t.Errorf("it says %s", raw)
	}
	if strings.Contains(string(raw), "a message for colleagues") {
		t.Errorf("the status message was sent: %s", raw)
	}
	if sent := strings.Contains(string(raw), "adele@contoso.example"); sent != account {
		t.Errorf("the account was sent: %v: %s", sent, raw)
	}
}

// TestStateWithoutJSONFormIsAFailure: an instant that JSON cannot hold is not
// sent as something else.
func TestStateWithoutJSONFormIsAFailure(t *testing.T) {
	s := inCall()
	s.Until = ptr(time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC))
	if raw, err := encode(s, true); err == nil {
		t.Errorf("sent %s", raw)
	}
}

func TestOnlyWhatMattersIsAChange(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*control.State)
		matters bool
	}{
		"input": {func(s *control.State) {
			s.Activity.LastInput, s.Activity.InUse, s.Until = ptr(noon.Add(time.Hour)), true, ptr(noon.Add(65*time.Minute))
		}, false},
		"renewal":    {func(s *control.State) { s.Sent = &control.Sent{Pair: *s.Wanted, At: noon, Expires: noon} }, false},
		"read_again": {func(s *control.State) { s.Shown = &control.Shown{Pair: *s.Wanted, SequenceNumber: ptr("43"), At: noon} }, false},
		"same_time":  {func(s *control.State) { s.Since = ptr(s.Since.In(time.FixedZone("", 3600))) }, false},
		"message":    {func(s *control.State) { s.Choice.Message = ptr("another") }, false},
		"wanted":     {func(s *control.State) { s.Wanted = &control.Pair{Availability: "Available", Activity: "Away"} }, true},
		"rule":       {func(s *control.State) { *s = withRule(*s, "awake") }, true},
		"since":      {func(s *control.State) { s.Since = ptr(noon.Add(1)) }, true},
		"choice":     {func(s *control.State) { s.Choice.Until = ptr(noon) }, true},
		"locked":     {func(s *control.State) { s.Activity.Locked = true }, true},
		"call":       {func(s *control.State) { s.Activity.InCall = true }, true},
		"theirs":     {func(s *control.State) { s.Theirs = &control.Pair{Availability: "Busy", Activity: "Busy"} }, true},
		"error":      {func(s *control.State) { s.Error = ptr("offline") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := available()
			c.change(&s)
			if got := keyOf(s) != keyOf(available()); got != c.matters {
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

// TestBackOffDoublesUpToItsBound draws each pause between half and whole.
func TestBackOffDoublesUpToItsBound(t *testing.T) {
	for range 100 {
		b := newBackOff()
		for failures, whole := 1, time.Second; failures <= 20; failures++ {
			if d := b.NextBackOff(); d < whole/2 || d > whole+1 {
				t.Fatalf("after %d failures %s, not between half and all of %s", failures, d, whole)
			}
			whole = min(2*whole, 5*time.Minute)
		}
	}
}

// TestReportKeepsTheFirstFailure: an outage began with its first failure, not
// with the latest, whatever its text.
func TestReportKeepsTheFirstFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := logger()
		r := newReport(log, "mqtt", "broker.example")
		if p := r.get(); !p.Since.IsZero() {
			t.Errorf("before any failure since %s", p.Since)
		}
		first := time.Now()
		for _, text := range []string{"refused", "refused", "no route", "refused"} {
			r.failing(errors.New(text), "fix")
			if p := r.get(); !p.Since.Equal(first) || p.Problem != text || p.Fix != "fix" {
				t.Errorf("after %q %+v, not since %s", text, p, first)
			}
			pass(time.Minute)
		}
		r.healthy("works")
		if p := r.get(); !p.Since.IsZero() || p.Problem != "" || p.Fix != "" || p.Value != "works" {
			t.Errorf("healthy: %+v", p)
		}
		pass(time.Hour)
		again := time.Now()
		r.failing(errors.New("refused"), "fix")
		if p := r.get(); !p.Since.Equal(again) || p.Value != "works" {
			t.Errorf("a second outage: %+v, not since %s", p, again)
		}
		if n := strings.Count(out.String(), "level=WARN"); n != 4 {
			t.Errorf("%d warnings for four changes of the problem:\n%s", n, out)
		}
	})
}

// TestCloseLeavesBehindWhatHangs has an outlet that ignores that it must stop.
func TestCloseLeavesBehindWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := logger()
		h := New(Options{Log: log})
		leave := make(chan struct{})
		h.start(t.Context(), newReport(log, "hanging", ""), func(context.Context, <-chan control.State) { <-leave })
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		h.Close(ctx)
		if took := time.Since(began); took != 2*time.Second+stopGrace {
			t.Errorf("Close took %s", took)
		}
		if !strings.Contains(out.String(), "did not stop in time") {
			t.Errorf("log: %s", out)
		}
		close(leave)
	})
}

// TestHubKeepsTheNewest has an outlet that is busy while states come: it gets
// the last one alone, a change that does not matter reaches nobody, and the
// publisher never waits.
func TestHubKeepsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		var got []string
		ready := make(chan struct{})
		h.start(t.Context(), newReport(slog.New(slog.DiscardHandler), "slow", ""), func(_ context.Context, states <-chan control.State) {
			for s := range states {
				got = append(got, s.Reason.Rule)
				<-ready
			}
		})
		h.Publish(available())
		synctest.Wait()
		for i := range 100 {
			s := withRule(inCall(), fmt.Sprint("rule", i))
			h.Publish(s)
			s.Activity.LastInput = ptr(noon.Add(time.Hour))
			h.Publish(s)
		}
		ready <- struct{}{}
		ready <- struct{}{}
		h.Publish(withRule(inCall(), "rule99")) // as before
		close(ready)
		h.Close(t.Context())
		if strings.Join(got, " ") != "input rule99" {
			t.Errorf("the outlet got %v", got)
		}
	})
}

// pass lets time go by in a bubble, until everything has come to rest at its end.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
