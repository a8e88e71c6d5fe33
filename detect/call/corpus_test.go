package call_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heliograph/detect/call"
	"heliograph/detect/call/corpus"
)

// replay returns the programs of all calls that the rule would have seen, and
// the names of all programs that the user would have been asked about.
func replay(lines []corpus.Line) (calls, offers map[string]bool, err error) {
	calls, offers = map[string]bool{}, map[string]bool{}
	rule := call.NewRule(call.Options{Debounce: 2 * time.Second, Grace: 15 * time.Second})
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var starts []time.Time
	for _, l := range lines {
		at, err := time.ParseDuration(l.At)
		if err != nil {
			return nil, nil, err
		}
		starts = append(starts, began.Add(at))
	}
	for i, l := range lines {
		until := starts[i].Add(time.Minute)
		if i+1 < len(lines) {
			until = starts[i+1]
		}
		for now := starts[i]; ; {
			j := rule.Judge(l.Evidence(), now)
			if j.Call.Active() {
				calls[j.Call.App] = true
			}
			if j.Unlisted != "" {
				offers[j.Unlisted] = true
			}
			if j.Next.IsZero() || j.Next.After(until) {
				break
			}
			now = j.Next
		}
	}
	return calls, offers, nil
}

// TestCorpus judges every recorded program and prints the confusion matrix.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	matrix, weak := map[[2]string]int{}, 0
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) {
			head, lines, err := corpus.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			calls, offers, err := replay(lines)
			if err != nil {
				t.Fatal(err)
			}
			got := "none"
			if len(calls) > 0 {
				got = "call"
			}
			matrix[[2]string{head.Verdict, got}]++
			if head.Weak != "" {
				weak++
				t.Logf("%s: a person says %s, the rule %s: %s", head.About, head.Verdict, got, head.Weak)
				return
			}
			if got != head.Verdict || (got == "call" && (len(calls) != 1 || !calls[head.App])) {
				t.Errorf("%s: a person says %s %s, the rule %v", head.About, head.Verdict, head.App, keys(calls))
			}
			if head.Verdict == "none" && len(offers) > 0 && !offers[head.Unlisted] {
				t.Errorf("%s: a person would be asked about %v", head.About, keys(offers))
			}
		})
	}
	t.Logf("confusion matrix over %d recordings (%d of which the rule cannot know):\n%s", len(files), weak, render(matrix))
}

func render(m map[[2]string]int) string {
	return fmt.Sprintf("  a person says   the rule: call   none\n  call            %14d   %4d\n  none            %14d   %4d",
		m[[2]string{"call", "call"}], m[[2]string{"call", "none"}], m[[2]string{"none", "call"}], m[[2]string{"none", "none"}])
}

func keys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }
