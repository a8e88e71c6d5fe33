package winproc

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestThisProcess(t *testing.T) {
	table, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	pid := uint32(os.Getpid())
	if names := table.Names(pid); len(names) == 0 || !strings.HasSuffix(names[0], ".exe") {
		t.Errorf("names %q", names)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := Read(pid)
	if !ok || !strings.EqualFold(p.Path, self) || p.Started.IsZero() || time.Since(p.Started) > time.Hour {
		t.Errorf("got %+v, want %s", p, self)
	}
	list, err := List()
	if err != nil || !slices.Contains(list, p) {
		t.Errorf("this process is not in the list of %d: %v", len(list), err)
	}
}
