package atomicfile

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// TestKilledAtEveryStep copies the folder before each step of a write, which is
// what a process that is killed there leaves: the file has its former content or
// the new one, whole, and the next write succeeds.
func TestKilledAtEveryStep(t *testing.T) {
	for name, former := range map[string]string{"a new file": "", "a file that exists": "the former content"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "folder", "state.json")
			if former != "" {
				if err := Write(path, []byte(former), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			left := map[string]string{} // the folder as it was before each step
			var steps []string
			err := write(path, []byte("the new content"), 0o600, func(step string) {
				steps = append(steps, step)
				left[step] = copyOf(t, filepath.Dir(path))
			})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"make folder", "create", "write", "set mode", "sync", "close", "rename", "clean up"}
			if !slices.Equal(steps, want) {
				t.Fatalf("the steps are %q", steps)
			}
			for i, step := range steps {
				content := former
				if i > slices.Index(want, "rename") {
					content = "the new content"
				}
				file := filepath.Join(left[step], "state.json")
				raw, err := os.ReadFile(file)
				if string(raw) != content || (err != nil) != (content == "") {
					t.Errorf("killed before %s: %q, %v", step, raw, err)
				}
				if err := Write(file, []byte("the next start"), 0o600); err != nil {
					t.Errorf("killed before %s: the next write fails: %v", step, err)
				}
			}
		})
	}
}

// copyOf copies a folder; one that does not exist is empty.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return to
	}
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestLeftoversAreRemoved: what killed processes left does not pile up, and
// nothing else in the folder is touched.
func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	for name, age := range map[string]time.Duration{".state.json-123": 2 * time.Hour, ".state.json-124": time.Minute, ".other.json-1": 2 * time.Hour,
		".state.json-of-somebody": 2 * time.Hour, "state.json-1": 2 * time.Hour} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{".other.json-1", ".state.json-124", ".state.json-of-somebody", "state.json", "state.json-1"}; !slices.Equal(names, want) {
		t.Errorf("the folder has %q", names)
	}
}

// TestReadIsBounded: a file as large as the limit is read, a larger one is not.
func TestReadIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if raw, err := Read(path, 5); err != nil || string(raw) != "12345" {
		t.Errorf("%q, %v", raw, err)
	}
	if raw, err := Read(path, 4); err == nil {
		t.Errorf("of a file that is too large %q is read", raw)
	}
	if _, err := Read(path+" that does not exist", 4); !os.IsNotExist(err) {
		t.Errorf("without a file: %v", err)
	}
	if runtime.GOOS != "windows" {
		if _, err := Read(t.TempDir(), 4); err == nil {
			t.Error("a folder was read")
		}
	}
}
