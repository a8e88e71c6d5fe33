package consent

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"heliograph/detect/winproc"
)

// testCase is one file of testdata, whose README describes the format.
type testCase struct {
	now     time.Time
	entries []entry
	running []winproc.Process
	want    []string // "PID NAME[,NAME...]"
}

func readCase(t *testing.T, path string) testCase {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c testCase
	values := map[string]map[string]*uint64{} // by entry, then by name
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\r\n")
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "now":
			c.now = instant(t, f[1])
		case f[0] == "runs":
			c.running = append(c.running, process(t, f[1:]))
		case f[0] == "use":
			c.want = append(c.want, strings.Join(f[1:], " "))
		case strings.HasPrefix(line, "HKEY"):
			_, key, _ := strings.Cut(line, `\ConsentStore\microphone\`)
			key, other := strings.CutPrefix(key, `NonPackaged\`)
			c.entries = append(c.entries, entry{key: key, packaged: !other})
			values[key] = map[string]*uint64{}
		case strings.HasPrefix(f[0], "LastUsedTime"):
			n, err := strconv.ParseUint(f[2], 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			values[c.entries[len(c.entries)-1].key][f[0]] = &n
		}
	}
	for i, e := range c.entries {
		v := values[e.key]
		c.entries[i] = e.withTimes(v["LastUsedTimeStart"], v["LastUsedTimeStop"])
	}
	return c
}

// process reads the words of a "runs" line.
func process(t *testing.T, words []string) winproc.Process {
	t.Helper()
	pid, err := strconv.Atoi(words[0])
	if err != nil {
		t.Fatal(err)
	}
	path, family, packaged := strings.Cut(strings.Join(words[2:], " "), ".exe ")
	if packaged {
		path += ".exe"
	}
	return winproc.Process{PID: pid, Started: instant(t, words[1]), Path: path, PackageFamily: family}
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestCurrentUses(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			c := readCase(t, file)
			var got []string
			for _, u := range current(c.entries, c.running, c.now) {
				got = append(got, strconv.Itoa(u.PID)+" "+strings.Join(u.Names, ","))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("in use:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestEntryNames(t *testing.T) {
	for key, want := range map[string][]string{
		"MSTeams_8wekyb3d8bbwe":                  {"MSTeams_8wekyb3d8bbwe", "MSTeams"},
		"5319275A.WhatsAppDesktop_cv1g1gvanyjgm": {"5319275A.WhatsAppDesktop_cv1g1gvanyjgm", "5319275A.WhatsAppDesktop", "WhatsAppDesktop"},
	} {
		e := entry{key: key, packaged: true}
		if got := e.names(winproc.Process{Path: `C:\a.exe`}); !slices.Equal(got, want) {
			t.Errorf("%s: names %q, want %q", key, got, want)
		}
	}
}

func TestFileTime(t *testing.T) {
	want := time.Date(2026, 11, 24, 9, 58, 0, 100, time.UTC)
	if got := fileTime(uint64(want.UnixNano()/100 + 116444736000000000)); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := fileTime(1<<64 - 1); got.After(want) {
		t.Errorf("the largest count is %v", got)
	}
}
