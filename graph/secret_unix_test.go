//go:build unix

package graph

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// makePrivate does nothing: the file was created with mode 0600.
func makePrivate(*testing.T, string) {}

func TestSecretFileOfOthers(t *testing.T) {
	path := secretFile(t, "topsecret")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o660, 0o610, 0o677} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := loadSecret(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := loadSecret(path); err != nil {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if os.Geteuid() != 0 {
		return // only root can give a file away
	}
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSecret(path); err == nil || !strings.Contains(err.Error(), "chown") {
		t.Errorf("another user's file: %v", err)
	}
}

// TestSecretFileThatIsNone: a pipe that nobody writes to, and what never ends, are
// refused at once.
func TestSecretFileThatIsNone(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/dev/zero"} {
		if _, err := loadSecret(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", path, err)
		}
		if _, _, err := loadCertificate(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
