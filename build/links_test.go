package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link matches a link or a picture of Markdown: [text](target).
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// notInAnchor are the characters that GitHub leaves out of the anchor of a
// heading.
var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)

// anchors returns the anchor of each heading of a Markdown file.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		heading := strings.TrimLeft(line, "#")
		if heading == line {
			continue
		}
		heading = notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
		found[strings.ReplaceAll(heading, " ", "-")] = true
	}
	return found
}

// TestLinks: every relative link in a Markdown file leads to a file of the
// repository, and to a heading that exists.
func TestLinks(t *testing.T) {
	list, err := exec.Command("git", "-C", "..", "ls-files", "*.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for file := range strings.FieldsSeq(string(list)) {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			links++
			checkLink(t, file, string(text), match[1])
		}
	}
	if links == 0 {
		t.Error("no link was found")
	}
}

// checkLink reports a link in a file that leads nowhere.
func checkLink(t *testing.T, file, text, target string) {
	t.Helper()
	name, anchor, _ := strings.Cut(target, "#")
	if name != "" {
		linked, err := os.ReadFile(filepath.Join("..", filepath.Dir(file), name))
		if err != nil {
			t.Errorf("%s: the link to %s: %v", file, target, err)
			return
		}
		text = string(linked)
	}
	if anchor != "" && !anchors(text)[anchor] {
		t.Errorf("%s: the link to %s: there is no such heading", file, target)
	}
}
