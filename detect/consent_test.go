package detect

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"heliograph/detect/call"
)

// consentCase is one file of testdata/consent.
type consentCase struct {
	now     time.Time
	entries []consent
	running []image
	want    []string // "pid names"
}

func readConsentCase(t *testing.T, path string) consentCase {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c consentCase
	starts, stops := map[string]*uint64{}, map[string]*uint64{}
	const root = `\ConsentStore\microphone\`
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\r\n")
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "now":
			c.now = instant(t, f[1])
		case f[0] == "runs":
			pid, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			i := image{pid: pid, started: instant(t, f[2]), path: strings.Join(f[3:], " ")}
			if at := strings.LastIndex(i.path, ".exe "); at >= 0 {
				i.path, i.family = i.path[:at+4], i.path[at+5:]
			}
			c.running = append(c.running, i)
		case f[0] == "use":
			c.want = append(c.want, strings.Join(f[1:], " "))
		case strings.HasPrefix(line, "HKEY"):
			_, key, _ := strings.Cut(line, root)
			key, plain := strings.CutPrefix(key, `NonPackaged\`)
			c.entries = append(c.entries, consent{key: key, packaged: !plain})
		case f[0] == "LastUsedTimeStart", f[0] == "LastUsedTimeStop":
			n, err := strconv.ParseUint(f[2], 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			e := c.entries[len(c.entries)-1]
			if f[0] == "LastUsedTimeStart" {
				starts[e.key] = &n
			} else {
				stops[e.key] = &n
			}
		}
	}
	for i, e := range c.entries {
		c.entries[i] = whole(e, starts[e.key], stops[e.key])
	}
	return c
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestConsentStates(t *testing.T) {
	files, err := filepath.Glob("testdata/consent/*.txt")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			c := readConsentCase(t, file)
			var got []string
			for _, b := range believe(c.entries, c.running, c.now) {
				got = append(got, strconv.Itoa(b.pid)+" "+strings.Join(b.names(), ","))
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("in use:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestConsentNamesAreInTheTable: what the entries call a program is what the
// app table knows.
func TestConsentNamesAreInTheTable(t *testing.T) {
	for key, id := range map[string]string{
		`C:#Program Files#Zoom#bin#Zoom.exe`:                    "zoom",
		`C:#Program Files#Google#Chrome#Application#chrome.exe`: "chrome",
		"MSTeams_8wekyb3d8bbwe":                                 "teams",
	} {
		c := consent{key: key, packaged: !strings.Contains(key, "#")}
		if a, ok := call.Find(c.names()); !ok || a.ID != id {
			t.Errorf("%s is %q", key, a.ID)
		}
	}
}

func TestFileTime(t *testing.T) {
	want := time.Date(2026, 11, 24, 9, 58, 0, 100, time.UTC)
	if got := fileTime(uint64(want.UnixNano()/100 + 116444736000000000)); !got.Equal(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := fileTime(1<<64 - 1); got.After(want) {
		t.Errorf("a count beyond all bounds is %v", got)
	}
}
