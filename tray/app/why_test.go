package app

import (
	"runtime"
	"slices"
	"testing"

	"heliograph/detect"
	"heliograph/graph/presence"
)

// TestSignalsAreParts: why names parts of the detector as the detector does.
func TestSignalsAreParts(t *testing.T) {
	watch := detect.Watch(t.Context(), detect.Options{})
	defer watch.Close()
	<-watch.Changes()
	var names []string
	for _, p := range watch.Parts() {
		names = append(names, p.Name)
	}
	for rule, signals := range signals {
		known := func(name string) bool { return slices.Contains(names, name) }
		if !slices.ContainsFunc(signals, known) {
			t.Errorf("rule %s: none of %v is a part: there are %v", rule, signals, names)
		}
		if runtime.GOOS != "linux" {
			continue
		}
		for _, name := range signals {
			if !known(name) && name != "awake" { // which macOS has
				t.Errorf("rule %s: %s is not a part: there are %v", rule, name, names)
			}
		}
	}
}

// TestSignalOf takes the first part that works.
func TestSignalOf(t *testing.T) {
	parts := []detect.Part{
		{Name: "camera", Backend: "inotify", Value: "off"},
		{Name: "microphone", Backend: "pulseaudio", Value: "1 recording"},
	}
	if p := signalOf(presence.RuleCall, parts); p == nil || p.Name != "microphone" || p.Value != "1 recording" || p.Backend != "pulseaudio" {
		t.Errorf("got %+v", p)
	}
	parts[1].Problem = "no sound server"
	if p := signalOf(presence.RuleCall, parts); p == nil || p.Name != "camera" {
		t.Errorf("without a microphone %+v", p)
	}
	if p := signalOf(presence.RuleChoice, parts); p != nil {
		t.Errorf("a choice rests on %+v", p)
	}
}
