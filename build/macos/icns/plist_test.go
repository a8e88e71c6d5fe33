package main

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
)

// readPlist returns the keys of the outer dictionary of a property list, with
// their values as text; true and false for booleans.
func readPlist(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	values, key := map[string]string{}, ""
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		el, ok := token.(xml.StartElement)
		if !ok || el.Name.Local == "plist" || el.Name.Local == "dict" {
			continue
		}
		var text string
		if err := d.DecodeElement(&text, &el); err != nil {
			t.Fatal(err)
		}
		switch el.Name.Local {
		case "key":
			if _, twice := values[text]; twice {
				t.Errorf("the key %s is there twice", text)
			}
			key = text
		case "string":
			values[key] = text
		case "true", "false":
			values[key] = el.Name.Local
		default:
			t.Errorf("%s is a %s", key, el.Name.Local)
		}
	}
}

// TestInfoPlist holds each key of the bundle to what it is for.
func TestInfoPlist(t *testing.T) {
	got := readPlist(t, "../Info.plist")
	want := map[string]string{
		"CFBundleName": "heliograph", "CFBundleDisplayName": "heliograph", "CFBundleIdentifier": "org.heliograph.heliograph",
		"CFBundleExecutable": "heliograph", "CFBundleIconFile": "heliograph", "CFBundlePackageType": "APPL",
		"CFBundleInfoDictionaryVersion": "6.0", "CFBundleShortVersionString": "@VERSION@", "CFBundleVersion": "@VERSION@",
		"LSMinimumSystemVersion":        "12.0", // of Go 1.26
		"LSUIElement":                   "true", // no icon in the Dock
		"LSMultipleInstancesProhibited": "true",
		// App Nap wakes a program without a window once in some seconds only. Which
		// of the two keys counts depends on the version of macOS.
		"LSAppNapIsDisabled": "true", "NSAppSleepDisabled": "true",
		// With either, macOS would kill the program without asking, and presence
		// would stay.
		"NSSupportsAutomaticTermination": "false", "NSSupportsSuddenTermination": "false",
		"NSHighResolutionCapable": "true", "NSHumanReadableCopyright": "MIT licence",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestBundleIDIsOne: the bundle, the launch agent and the notifications know the
// program by the same id.
func TestBundleIDIsOne(t *testing.T) {
	id := readPlist(t, "../Info.plist")["CFBundleIdentifier"]
	raw, err := os.ReadFile("../../../tray/autostart/plist.go")
	if err != nil || !strings.Contains(string(raw), `agentLabel = "`+id+`"`) {
		t.Errorf("the launch agent is not %s (%v)", id, err)
	}
}
