package graph

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeNamesTests: every test that the README names exists in these
// packages, and each row of its table of faults names one.
func TestReadmeNamesTests(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	for _, dir := range []string{".", "presence", "emu", "zone", "retryafter", "../tray/words"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(source, -1) {
				exists[string(m[1])] = true
			}
		}
	}
	name := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`")
	for _, m := range name.FindAllSubmatch(readme, -1) {
		if !exists[string(m[1])] {
			t.Errorf("README.md names %s, which does not exist", m[1])
		}
	}
	_, faults, _ := strings.Cut(string(readme), "## Faults\n")
	faults, _, _ = strings.Cut(faults, "\n## ")
	rows := 0
	for line := range strings.Lines(faults) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| **") || strings.HasPrefix(line, "| what") {
			continue
		}
		rows++
		if !name.MatchString(line) {
			t.Errorf("no test shows %q", line)
		}
	}
	if rows < 25 {
		t.Errorf("only %d rows of faults were found", rows)
	}
}
