package logbook

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTail reads whole lines across the two files of a log.
func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heliograph.log")
	if got, err := Tail(path, 100); got != "" || err != nil {
		t.Errorf("without a log: %q, %v", got, err)
	}
	for file, text := range map[string]string{path + olderLog: "one\ntwo\n", path: "three\nfour\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for most, want := range map[int]string{100: "one\ntwo\nthree\nfour\n", 16: "two\nthree\nfour\n", 15: "three\nfour\n", 6: "four\n", 2: ""} {
		if got, err := Tail(path, most); got != want || err != nil {
			t.Errorf("%d bytes: %q, %v", most, got, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Tail(path, 100); err == nil {
		t.Error("a folder in place of the log is read")
	}
}
