package timeline

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(m int, rule string) Entry {
	return Entry{At: noon.Add(time.Duration(m) * time.Minute), Availability: "Busy", Activity: "InACall", Rule: rule, App: "Zoom"}
}

func open(t *testing.T, path string) (*Log, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	l := Open(path, slog.New(slog.NewTextHandler(&out, nil)))
	t.Cleanup(func() { l.Close() })
	return l, &out
}

func rules(entries []Entry) string {
	var s []string
	for _, e := range entries {
		s = append(s, e.Rule)
	}
	return strings.Join(s, " ")
}

func TestEntriesOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "timeline.jsonl")
	l, _ := open(t, path)
	for i, r := range []string{"input", "call", "call", "idle"} {
		l.Add(at(i, r))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l.Add(at(9, "late")) // kept in memory, not written
	if err := l.Close(); err != nil || rules(l.Since(noon)) != "input call idle late" {
		t.Errorf("%v: %s", err, rules(l.Since(noon)))
	}
	again, out := open(t, path)
	again.Add(at(5, "idle")) // as before the restart
	again.Add(at(6, "input"))
	if got := rules(again.Since(noon)); got != "input call idle input" || out.Len() > 0 {
		t.Errorf("%s: %s", got, out)
	}
	if e := again.Since(noon)[1]; !e.At.Equal(noon.Add(time.Minute)) || e.Availability != "Busy" || e.Activity != "InACall" || e.App != "Zoom" {
		t.Errorf("read back as %+v", e)
	}
	private(t, path)
}

// private: nobody else may read the file. Windows has no such mode.
func private(t *testing.T, path string) {
	t.Helper()
	if fi, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}

func TestSinceBeginsWithWhatHeld(t *testing.T) {
	l, _ := open(t, "")
	if got := l.Since(noon); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	for i, r := range []string{"input", "idle", "locked"} {
		l.Add(at(10*i, r))
	}
	for minute, want := range map[int]string{-5: "input idle locked", 0: "input idle locked", 5: "input idle locked", 15: "idle locked", 20: "idle locked", 99: "locked"} {
		if got := rules(l.Since(noon.Add(time.Duration(minute) * time.Minute))); got != want {
			t.Errorf("since minute %d: %s, want %s", minute, got, want)
		}
	}
}

func TestClockGoesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	l, _ := open(t, path)
	l.Add(at(0, "input"))
	l.Add(at(60, "call"))
	l.Add(at(10, "idle")) // the clock was an hour ahead
	l.Add(at(11, "input"))
	if got := rules(l.Since(noon)); got != "input call idle input" {
		t.Errorf("order of events was lost: %s", got)
	}
	if got := rules(l.Since(noon.Add(30 * time.Minute))); got != "input call" {
		t.Errorf("got %s", got)
	}
	// A clock that starts in the past must not remove the entries of the day.
	l.Add(Entry{At: time.Unix(60, 0), Rule: "idle"})
	for i := range maxEntries {
		l.Add(Entry{At: time.Unix(61+int64(i%2), 0), Rule: fmt.Sprint("r", i)})
	}
	if n := len(l.Since(time.Time{})); n > maxEntries || n < maxEntries/2 {
		t.Errorf("%d entries", n)
	}
}

func TestDamagedFile(t *testing.T) {
	good := `{"at":"2026-11-24T12:00:00Z","availability":"Away","activity":"Away","rule":"idle"}` + "\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", ""},
		"binary":       {"\x00\xff\xfe\n\n{}\n", ""},
		"cut_short":    {good + `{"at":"2026-11-24T12:0`, "idle"},
		"cut_at_break": {good + strings.TrimSuffix(strings.Replace(good, "idle", "call", 1), "\n"), "idle"},
		"middle":       {good + "garbage\n" + strings.Replace(good, "idle", "call", 1), "idle call"},
		"no_instant":   {`{"rule":"idle"}` + "\n", ""},
		"year_12000":   {`{"at":"12000-01-01T00:00:00Z","rule":"idle"}` + "\n", ""},
		"other_json":   {"[1,2]\n\"x\"\nnull\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t")
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(c.text, "2026-11-24T12", time.Now().UTC().Format("2006-01-02T15"))), 0o644); err != nil {
				t.Fatal(err)
			}
			l, _ := open(t, path)
			if got := rules(l.Since(time.Time{})); got != c.want {
				t.Errorf("got %q", got)
			}
			l.Add(Entry{At: time.Now(), Rule: "added"})
			l.Close()
			again, out := open(t, path)
			if got := rules(again.Since(time.Time{})); got != strings.TrimSpace(c.want+" added") || out.Len() > 0 {
				t.Errorf("after the repair: %q, %s", got, out)
			}
			private(t, path)
		})
	}
}

func TestFileStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	l, out := open(t, path)
	largest := int64(0)
	for i := range 3 * maxEntries {
		e := at(0, fmt.Sprint("rule", i))
		e.At, e.App = noon.Add(time.Duration(i)*time.Second), strings.Repeat("<", i%200)
		l.Add(e)
		if fi, err := os.Stat(path); err == nil {
			largest = max(largest, fi.Size())
		}
	}
	if largest > maxBytes || largest < maxBytes/2 || out.Len() > 0 {
		t.Errorf("the file grew to %d bytes: %s", largest, out)
	}
	all := l.Since(time.Time{})
	if n := len(all); n > maxEntries || all[n-1].Rule != fmt.Sprint("rule", 3*maxEntries-1) {
		t.Errorf("%d entries, the last %+v", n, all[n-1])
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("a new file was left: %v, %v", files, err)
	}
}

func TestHugeForeignFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	l, _ := open(t, path)
	l.Add(at(0, "input"))
	if fi, err := os.Stat(path); err != nil || fi.Size() > maxBytes {
		t.Errorf("%v, %v", fi.Size(), err)
	}
}

func TestUnwritablePlaceIsLoggedOnce(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, out := open(t, filepath.Join(blocked, "t"))
	out.Reset()
	for i := range 5 {
		l.Add(at(i, fmt.Sprint("r", i)))
	}
	if n := strings.Count(out.String(), "level=WARN"); n != 1 || len(l.Since(noon)) != 5 {
		t.Errorf("%d warnings, %d entries", n, len(l.Since(noon)))
	}
	l, _ = open(t, filepath.Dir(blocked)) // a folder
	l.Add(at(0, "input"))
	if len(l.Since(noon)) != 1 {
		t.Error("lost")
	}
}

func TestConcurrentUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	l, _ := open(t, path)
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range 100 {
				l.Add(at(i, fmt.Sprint(g, "-", i)))
				l.Since(noon)
			}
		})
	}
	wait.Wait()
	l.Close()
	again, out := open(t, path)
	if n := len(again.Since(time.Time{})); n != 400 || out.Len() > 0 {
		// The file is small, so entries older than a day are not removed yet.
		t.Errorf("%d entries: %s", n, out)
	}
}

// FuzzOpen checks that any file is repaired: the next opening reads the same
// entries, and finds no damage.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"at":"2026-11-24T12:00:00+05:30","availability":"Away","activity":"Away","rule":"idle","app":"\ud800"}` + "\n"))
	f.Add([]byte("{\"at\":\"9998-12-31T23:59:59.999999999-23:59\",\"rule\":\"\xff\"}\nx"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(t.TempDir(), "t")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		first := Open(path, nil)
		e := Entry{At: time.Now(), Rule: "added"}
		first.Add(e)
		want := first.Since(time.Time{})
		first.Close()
		var out bytes.Buffer
		second := Open(path, slog.New(slog.NewTextHandler(&out, nil)))
		defer second.Close()
		got := second.Since(time.Time{})
		if len(got) != len(want) || out.Len() > 0 {
			t.Fatalf("%d entries became %d: %s", len(want), len(got), out.String())
		}
		for i := range got {
			if !got[i].At.Equal(want[i].At) || got[i].Rule != want[i].Rule || got[i].App != want[i].App {
				t.Errorf("%+v became %+v", want[i], got[i])
			}
		}
	})
}
