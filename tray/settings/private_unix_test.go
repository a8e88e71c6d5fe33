//go:build unix

package settings

import (
	"os"
	"testing"
)

func isPrivate(t *testing.T, path string) {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v", fi.Mode())
	}
}
