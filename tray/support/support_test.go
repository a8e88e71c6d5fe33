package support

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/tray/control"
	"heliograph/tray/settings"
)

// Texts of a person, none of which may be in the archive.
const (
	upn        = "ada.lovelace@contoso.example"
	objectID   = "6f0c5d1e-93a4-4d0f-8b42-0f7c5c0d9a11"
	message    = "Negotiating the takeover of Fabrikam"
	microphone = "Ada's AirPods Pro"
	soundTitle = "Takeover of Fabrikam - Zoom Meeting"
	token      = "eyJ0eXAiOiJKV1QiLCJub25jZSI6Ik5.eyJhdWQiOiIwMDAwMDAwMy0wMDAw.Sflf8adQssw5c"
	refresh    = "0.AXoAsdf8s-dfg9_8s7dfgSDFGs8d7f6g9sdfgSDFG"
	broker     = "mqtt.home-of-ada.example"
	hook       = "/home/ada/bin/lamp"
)

const settingsText = `[account]
client_id = "11112222-3333-4444-5555-666677778888"
tenant = "contoso.example"
[automatic]
away_after = "7m"
call_message = "In a call with Fabrikam's board"
[calls]
deny = ["obs"]
[hooks]
on_change = ["/home/ada/bin/lamp", "--room", "Ada's study"]
[webhook]
url = "https://hooks.home-of-ada.example/key/s3cr3t"
[mqtt]
broker = "mqtts://mqtt.home-of-ada.example:8883"
username = "adalamp"
`

// private are the texts that must not be in the archive.
var private = []string{upn, "lovelace", objectID, message, microphone, "AirPods", soundTitle, "Fabrikam", token, "eyJ0eXAi", "Sflf8", refresh, broker, "home-of-ada", hook,
	"contoso", "11112222", "adalamp", "s3cr3t", "Ada's study", "tellitubby", "ada-laptop", "192.168.17.4", "fe80::1c2d", "ab12:cd34"}

// facts returns everything with something private in it.
func facts(t *testing.T) Facts {
	t.Helper()
	t.Setenv("USER", "tellitubby")
	t.Setenv("USERNAME", "tellitubby")
	t.Setenv("https_proxy", "http://adalamp:s3cr3t@proxy.home-of-ada.example:8080")
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(settingsText), 0o600); err != nil {
		t.Fatal(err)
	}
	v := settings.Open(settings.Options{Path: path, State: t.TempDir()}).Value()
	if v.Problem != nil {
		t.Fatal(v.Problem)
	}
	now := time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC)
	who, text, app, trouble := upn, message, "zoom", "Microsoft refuses "+upn
	return Facts{Version: "v1.2.3", Now: now, Settings: v,
		Report: control.Report{Running: true, Parts: []control.Part{
			{Name: "account", Backend: "Microsoft Entra, cloud global", Value: upn, Level: control.LevelOK},
			{Name: "graph", Backend: "https://graph.microsoft.com/v1.0/users/" + objectID, Problem: "dial tcp 192.168.17.4:443: refused by " + broker, Level: control.LevelProblem},
			{Name: "mqtt", Problem: "lookup " + broker + ": no such host", Fix: "check adalamp"},
			{Name: "settings", Backend: "/home/tellitubby/.config/heliograph/config.toml", Value: "accepted"},
		}},
		State: &control.State{Text: soundTitle, Choice: control.Choice{Status: "busy", Message: &text}, Reason: &control.Reason{Rule: "call", Text: soundTitle, App: &app},
			Activity: control.Activity{Call: &app}, Account: &who, Error: &trouble},
		Calls: &control.Calls{Streams: []control.Stream{{Program: "zoom", Name: soundTitle, App: "zoom", Class: "call", Source: microphone, Verdict: "call", Because: "a call program records"}}, Denied: []string{"obs"}},
		Why:   &control.Why{Today: []control.Moment{{At: now, Availability: "Busy", Activity: "InACall", Rule: "call", App: soundTitle, Text: soundTitle, Reason: soundTitle}}},
		Log: `time=2026-12-01T09:00:00.000Z level=INFO msg="signed in" tenant=contoso.example
time=2026-12-01T09:00:01.000Z level=WARN msg="does not work" error="dial tcp [fe80::1c2d%eth0]:8883: lookup ` + broker + `"
time=2026-12-01T09:00:02.000Z level=WARN msg="presence refused" token=` + token + ` refresh=` + refresh + ` user=` + objectID + `
time=2026-12-01T09:00:03.000Z level=INFO msg="detector opened" part=microphone backend=pulseaudio source="` + microphone + `" peer=2001:db8:ab12:cd34:1:2:3:4
time=2026-12-01T09:00:04.000Z level=INFO msg="status chosen" status=busy file="C:\\Users\\tellitubby\\AppData\\config.toml" text="` + message + `"
`,
		Missing: []string{"why: " + message}}
}

// unpack returns the files of an archive.
func unpack(t *testing.T, f Facts) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.zip")
	var b bytes.Buffer
	if err := errors.Join(Write(&b, f), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return lab.Unpack(t, path)
}

// TestArchiveHasNothingPrivate puts texts of a person wherever heliograph may
// have one, and looks for each in each file.
func TestArchiveHasNothingPrivate(t *testing.T) {
	for name, text := range unpack(t, facts(t)) {
		for _, p := range private {
			if strings.Contains(strings.ToLower(text), strings.ToLower(p)) {
				t.Errorf("%s has %q:\n%s", name, p, text)
			}
		}
	}
}

// TestArchiveHelps holds that the archive says what somebody who looks for a
// fault needs, and that the rest of each line of the log is still there.
func TestArchiveHelps(t *testing.T) {
	files := unpack(t, facts(t))
	for name, wants := range map[string][]string{
		"README.txt":    {"log.txt"},
		"about.json":    {"v1.2.3", `"running": true`},
		"doctor.json":   {"signed in", "https://graph.microsoft.com", "no such host", "accepted"},
		"status.json":   {`"choice": "busy"`, `"message": true`, `"rule": "call"`, `"signedIn": true`},
		"calls.json":    {`"program": "zoom"`, `"verdict": "call"`, "a call program records", `"denied": 1`},
		"today.json":    {"InACall", `"rule": "call"`},
		"settings.toml": {`away_after = '7m' # file, line 5`, `client_id = '(set)'`, `on_change = '(3 set)'`, `tenant = '(set)'`, `discovery = 'homeassistant'`, `cloud = 'global'`},
		"log.txt":       {`09:00:00.000Z level=INFO msg="signed in" tenant=(account)`, `token=(removed) refresh=(removed) user=(id)`, `msg="does not work"`, `status=busy`, `backend=pulseaudio source="(microphone)"`},
	} {
		for _, want := range wants {
			if !strings.Contains(files[name], want) {
				t.Errorf("%s lacks %q:\n%s", name, want, files[name])
			}
		}
		if strings.HasSuffix(name, ".json") && !json.Valid([]byte(files[name])) {
			t.Errorf("%s is not JSON: %s", name, files[name])
		}
	}
	if n := strings.Count(files["log.txt"], "\n"); n != 5 {
		t.Errorf("the log has %d lines", n)
	}
	empty := unpack(t, Facts{Version: "v1", Settings: facts(t).Settings})
	if len(empty) != len(files) || !strings.Contains(empty["status.json"], "null") {
		t.Errorf("without an instance: %v", empty)
	}
}

// TestWrongSettingsAreNotQuoted holds that a secret on a wrong line of the
// settings stays there.
func TestWrongSettingsAreNotQuoted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte("[automatic]\naway_after = \"s3cr3t\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := facts(t)
	f.Settings = settings.Open(settings.Options{Path: path, State: t.TempDir()}).Value()
	f.Report.Parts = []control.Part{{Name: "settings", Problem: f.Settings.Problem.Where(), Level: control.LevelProblem}}
	if !strings.Contains(f.Report.Parts[0].Problem, "s3cr3t") {
		t.Fatalf("the problem quotes nothing: %q", f.Report.Parts[0].Problem)
	}
	files := unpack(t, f)
	for name, text := range files {
		if strings.Contains(text, "s3cr3t") {
			t.Errorf("%s quotes the settings: %s", name, text)
		}
	}
	if want := "line 2: automatic.away_after is wrong"; !strings.Contains(files["doctor.json"], want) {
		t.Errorf("%q is not said: %s", want, files["doctor.json"])
	}
}

// TestOrdinaryWordsStay holds that names are replaced as words alone, and that
// names of programs and services are no secrets.
func TestOrdinaryWordsStay(t *testing.T) {
	r := newRedactor(map[string][]string{"user": {"art", "Jörg", "x"}})
	for text, want := range map[string]string{
		"the start of art, Art's art-work": "the start of (user), (user)'s (user)-work",
		"jörg, Jörgen":                     "(user), Jörgen",
		"x is a letter":                    "x is a letter",
		"org.freedesktop.DBus.Error.NoReply, org.freedesktop.login1": "org.freedesktop.DBus.Error.NoReply, org.freedesktop.login1",
		"MSTeams_8wekyb3d8bbwe at 15:04:05.123":                      "MSTeams_8wekyb3d8bbwe at 15:04:05.123",
		"2026-12-01T09:00:00.000+01:00":                              "2026-12-01T09:00:00.000+01:00",
		"HRESULT 0x88890004":                                         "HRESULT 0x88890004",
		"https://login.microsoftonline.com/x/oauth2":                 "https://login.microsoftonline.com",
		"https://login.microsoftonline.com.evil.example/x":           "https://(address)",
		"https://ada@graph.microsoft.com/":                           "https://(address)",
	} {
		if got := r.text(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// FuzzRedactor holds that no surroundings let a name or a token through, as long
// as it is a word of its own.
func FuzzRedactor(f *testing.F) {
	f.Add("path=", " and more")
	f.Add("C:\\Users\\", "\\AppData")
	f.Add("https://", "/x")
	f.Add("a@b.", "@c")
	f.Add("::", "::1")
	names := []string{"tellitubby", "Ada's AirPods Pro", `CONTOSO\ada`, "Übermut & Söhne"}
	r := newRedactor(map[string][]string{"user": names})
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, secret := range slices.Concat(names, []string{upn, objectID, token, refresh}) {
			text := before + " " + secret + " " + after
			if strings.Contains(before+after, secret) {
				continue
			}
			if got := r.text(text); strings.Contains(got, secret) {
				t.Errorf("%q became %q", text, got)
			}
			touching := before + `"` + secret + `"` + after
			if got := r.text(touching); strings.Contains(got, secret) {
				t.Errorf("%q became %q", touching, got)
			}
		}
	})
}
