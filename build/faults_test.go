package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// faultsHeader ends the first line of a table whose rows are held by tests, as
// those of faults and attacks.
const faultsHeader = "| test |"

// testName matches a test that a table names.
var testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9_]*)[^`]*`")

// TestFaultsAreTested: each row of the tables names tests, and each of those
// exists.
func TestFaultsAreTested(t *testing.T) {
	list, err := exec.Command("git", "-C", "..", "ls-files", "--cached", "--others", "--exclude-standard", "*.md", "*_test.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(list))
	declared := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z][A-Za-z0-9_]*)\(`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			for _, m := range declaration.FindAllStringSubmatch(read(t, file), -1) {
				declared[m[1]] = true
			}
		}
	}
	tables, rows := 0, 0
	for _, file := range files {
		if !strings.HasSuffix(file, ".md") {
			continue
		}
		inTable := false
		for line := range strings.Lines(read(t, file)) {
			line = strings.TrimSpace(line)
			switch {
			case !inTable && strings.HasPrefix(line, "|") && strings.HasSuffix(line, faultsHeader):
				inTable = true
				tables++
				continue
			case !strings.HasPrefix(line, "|"):
				inTable = false
			}
			if !inTable || strings.HasPrefix(line, "|---") {
				continue
			}
			cells := strings.Split(strings.Trim(line, "|"), "|")
			if last := cells[len(cells)-1]; strings.HasPrefix(strings.TrimSpace(cells[0]), "**") && strings.TrimSpace(last) == "" {
				continue // a heading within the table
			}
			rows++
			named := testName.FindAllStringSubmatch(cells[len(cells)-1], -1)
			if len(named) == 0 {
				t.Errorf("%s: the row names no test: %s", file, line)
			}
			for _, m := range named {
				if !declared[m[1]] {
					t.Errorf("%s: there is no test %s", file, m[1])
				}
			}
		}
	}
	if tables < 5 || rows < 70 {
		t.Errorf("only %d rows in %d tables were found", rows, tables)
	}
}

// read returns the content of a file of the repository.
func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
