//go:build unix

package atomicfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOnlyRegularFilesAreOpened: a pipe that nobody writes to and a device
// without an end are errors at once, for reading and for appending.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link to a device")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/dev/zero", link} {
		if raw, err := Read(path, 1<<20); err == nil {
			t.Errorf("%s: %d bytes are read", path, len(raw))
		}
	}
	for _, path := range []string{pipe, "/dev/null", link} {
		if f, err := OpenAppend(path, 0o600); err == nil {
			f.Close()
			t.Errorf("%s is opened", path)
		}
	}
}

// TestAppendFollowsNoLink: a link that somebody planted leads to a file of the
// user's, which keeps its content and its mode.
func TestAppendFollowsNoLink(t *testing.T) {
	for name, plant := range map[string]func(old, new string) error{"symbolic": os.Symlink, "hard": os.Link} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			precious, path := filepath.Join(dir, "precious"), filepath.Join(dir, "heliograph.log")
			if err := os.WriteFile(precious, []byte("kept"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := plant(precious, path); err != nil {
				t.Fatal(err)
			}
			if f, err := OpenAppend(path, 0o600); err == nil {
				f.Close()
				t.Error("the link is followed")
			} else if strings.Contains(err.Error(), "too many levels") {
				t.Errorf("the error misleads: %v", err)
			}
			info, err := os.Stat(precious)
			if err != nil || info.Mode().Perm() != 0o644 {
				t.Errorf("the file that it leads to: %v, %v", info, err)
			}
			if err := Write(path, []byte("new"), 0o600); err != nil {
				t.Fatal(err)
			}
			if raw, err := os.ReadFile(precious); err != nil || string(raw) != "kept" {
				t.Errorf("after a write it holds %q, %v", raw, err)
			}
		})
	}
}

// TestAppendMakesAFileForItsUserAlone, also of one that others could read.
func TestAppendMakesAFileForItsUserAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("one\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := OpenAppend(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("two\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "one\ntwo\n" {
		t.Errorf("%q, %v", raw, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
