//go:build !windows

package folders

import (
	"strings"
	"testing"
)

// TestLongRuntimeFolder: the path of a socket is bounded, so a long folder is
// replaced by a short one, always the same, and another one for another folder.
func TestLongRuntimeFolder(t *testing.T) {
	at := func(dir string) string {
		t.Setenv("XDG_RUNTIME_DIR", dir)
		got, err := Runtime()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := at("/run/user/1000"); got != "/run/user/1000/heliograph" {
		t.Errorf("a short folder becomes %s", got)
	}
	one, other := "/"+strings.Repeat("long", 26), "/"+strings.Repeat("LONG", 26)
	if got := at(one); len(got) > maxSocketFolder || got != at(one) || got == at(other) {
		t.Errorf("%s becomes %s, %s and %s", one, got, at(one), at(other))
	}
}
