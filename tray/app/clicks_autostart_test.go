package app

import (
	"errors"
	"fmt"
	"testing"

	"heliograph/tray/autostart"
	"heliograph/tray/words"
)

// TestTranslocatedCopyIsExplained: a person who switches start at login on in a
// copy that macOS has put aside is told what to do, in their language.
func TestTranslocatedCopyIsExplained(t *testing.T) {
	if got := explainAutostart(fmt.Errorf("start at sign-in: %w", autostart.ErrTranslocated)); got != words.Say("toast.autostart.moved") {
		t.Errorf("got %q", got)
	}
	if got := explainAutostart(errors.New("read-only")); got != "read-only" {
		t.Errorf("another error becomes %q", got)
	}
}
