package autostart

import (
	"strings"
	"testing"
)

func TestTranslocation(t *testing.T) {
	for exe, want := range map[string]bool{
		"/private/var/folders/x9/8c1_k2ld3s/T/AppTranslocation/7B0E6A2B-0A1C-4E0D-9E0B-1C2D3E4F5A6B/d/heliograph.app/Contents/MacOS/heliograph": true,
		"/Applications/heliograph.app/Contents/MacOS/heliograph":                                                                                false,
		"/Users/ada/Applications/heliograph.app/Contents/MacOS/heliograph":                                                                      false,
		"/Users/ada/Downloads/heliograph.app/Contents/MacOS/heliograph":                                                                         false,
		"/usr/local/bin/heliograph": false,
	} {
		if got := translocated(exe); got != want {
			t.Errorf("%s: %v", exe, got)
		}
	}
	if !strings.Contains(ErrTranslocated.Error(), "Applications") {
		t.Error("the error does not say what to do")
	}
}

// TestLaunchAgent: a launch agent has the keys that launchd.plist(5) names, and
// what is written is read.
func TestLaunchAgent(t *testing.T) {
	const exe = "/Applications/A & B/heliograph.app/Contents/MacOS/heliograph"
	text, err := renderAgent(exe, []string{"run", "--config", "/Users/ada/<x>.toml"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := parseAgent(text)
	if err != nil || a.program != exe || !a.load || a.off {
		t.Errorf("read back as %+v, %v", a, err)
	}
	for _, key := range []string{"Label", "ProgramArguments", "RunAtLoad", "LimitLoadToSessionType", "ProcessType"} {
		if strings.Count(text, "<key>"+key+"</key>") != 1 {
			t.Errorf("the key %s is missing", key)
		}
	}
	if n := strings.Count(text, "<key>"); n != 5 {
		t.Errorf("%d keys, want 5", n)
	}
	if !strings.Contains(text, "<string>Aqua</string>") || !strings.Contains(text, "<string>Interactive</string>") {
		t.Error("it starts without a screen, or with fewer resources")
	}
}
