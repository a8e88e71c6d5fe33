package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestManualPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]string{
		"heliograph.1":            {`.TH "HELIOGRAPH" "1"`, "Exit codes"},
		"heliograph-set.1":        {"tomorrow 9:00", "--until"},
		"heliograph-calls-deny.1": {"heliograph calls deny obs"},
	} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(string(raw), w) {
				t.Errorf("%s lacks %q", file, w)
			}
		}
	}
}
