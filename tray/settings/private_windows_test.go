package settings

import (
	"os"
	"strings"
	"testing"
)

// isPrivate: modes mean nothing on Windows; private files are in the profile,
// whose folders other users cannot open.
func isPrivate(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	own, err := Path()
	if profile := os.Getenv("USERPROFILE"); err != nil || profile == "" || !strings.HasPrefix(own, profile+`\`) {
		t.Errorf("settings are in %s, outside of the profile %s (%v)", own, profile, err)
	}
}
