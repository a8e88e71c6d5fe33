//go:build unix

package e2e

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// notices counts the notices that the desktop has shown since a moment.
type notices struct {
	t     testing.TB
	after int // ids up to this one are older
}

func noticesFromNow(t testing.TB) *notices {
	t.Helper()
	n := &notices{t: t}
	for _, shown := range n.history() {
		n.after = max(n.after, shown.ID.Data)
	}
	return n
}

// notice is an entry of dunst's history.
type notice struct {
	ID      struct{ Data int }
	Summary struct{ Data string }
	Body    struct{ Data string }
}

func (n *notices) history() []notice {
	n.t.Helper()
	_ = exec.Command("dunstctl", "close-all").Run() // what is on the screen joins the history
	out, err := exec.Command("dunstctl", "history").Output()
	if err != nil {
		n.t.Fatal(err)
	}
	var all struct{ Data [][]notice }
	if err := json.Unmarshal(out, &all); err != nil || len(all.Data) != 1 {
		n.t.Fatalf("%v: %s", err, out)
	}
	return all.Data[0]
}

// count returns how many notices with this title were shown.
func (n *notices) count(title string) int {
	n.t.Helper()
	return len(n.bodies(title))
}

// bodies returns the texts of the notices with this title.
func (n *notices) bodies(title string) (texts []string) {
	n.t.Helper()
	for _, shown := range n.history() {
		if shown.ID.Data > n.after && shown.Summary.Data == title {
			texts = append(texts, shown.Body.Data)
		}
	}
	return texts
}
