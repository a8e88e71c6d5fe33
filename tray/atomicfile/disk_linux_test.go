package atomicfile

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// TestDiskFull writes where there is no room: the former file is kept, nothing
// is left beside it, and the next write that fits succeeds.
func TestDiskFull(t *testing.T) {
	for name, fill := range map[string]struct {
		dir  func(*testing.T) string
		want error
	}{"a full disk": {smallDisk, syscall.ENOSPC}, "a limit": {smallFiles, syscall.EFBIG}} {
		t.Run(name, func(t *testing.T) {
			dir := fill.dir(t)
			if dir == "" {
				return
			}
			path := filepath.Join(dir, "state.json")
			if err := Write(path, []byte("the former content"), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := Write(path, make([]byte, 1<<20), 0o600); !errors.Is(err, fill.want) {
					t.Fatalf("without room: %v", err)
				}
			}
			if raw, err := os.ReadFile(path); err != nil || string(raw) != "the former content" {
				t.Errorf("%q, %v", raw, err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
			if err := Write(path, []byte("it fits"), 0o600); err != nil {
				t.Errorf("once it fits: %v", err)
			}
		})
	}
}

// smallDisk mounts a disk of 64 KiB, which only root can; empty: it cannot be
// done here, and the other case has to do.
func smallDisk(t *testing.T) string {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Logf("a small disk cannot be mounted here: %v", err)
		return ""
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// smallFiles limits the files that this process writes to 64 KiB.
func smallFiles(t *testing.T) string {
	var former syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &former); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &former); err != nil {
			t.Error(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	})
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: former.Max}); err != nil {
		t.Fatal(err)
	}
	return t.TempDir()
}
