package atomicfile

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "file.json")
	for _, text := range []string{"first, and the longer one", "second", ""} {
		if err := Write(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(path); err != nil || string(raw) != text {
			t.Errorf("%q, %v; want %q", raw, err, text)
		}
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("the folder has %v, %v", files, err)
	}
	if runtime.GOOS == "windows" {
		return // modes and links mean little there
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if fi, err := os.Stat(name); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v", name, fi.Mode(), err)
		}
	}
}

// TestFailureKeepsTheFormerFile: there is a folder at the file's path.
func TestFailureKeepsTheFormerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "taken")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("x"), 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// TestReadersSeeOneContent: whoever reads while two write gets one of the two
// contents whole. Windows lets nobody replace a file that is being read.
func TestReadersSeeOneContent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be replaced here")
	}
	path := filepath.Join(t.TempDir(), "file")
	contents := [][]byte{bytes.Repeat([]byte("a"), 100_000), bytes.Repeat([]byte("b"), 50_000)}
	if err := Write(path, contents[0], 0o600); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for _, c := range contents {
		writers.Go(func() {
			for range 20 {
				if err := Write(path, c, 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		raw, err := os.ReadFile(path)
		if err != nil || !(bytes.Equal(raw, contents[0]) || bytes.Equal(raw, contents[1])) {
			t.Fatalf("%d bytes, %v", len(raw), err)
		}
	}
	writers.Wait()
}
