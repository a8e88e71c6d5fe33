package launch

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows/registry"

	"heliograph/build/wait"
)

// openedVariable makes this test's program the one that opens files: it writes
// its argument to the file that the variable names.
const openedVariable = "HELIOGRAPH_TEST_OPENED"

func TestMain(m *testing.M) {
	if note := os.Getenv(openedVariable); note != "" && len(os.Args) == 2 {
		if err := os.WriteFile(note, []byte(os.Args[1]), 0o600); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// associate makes this test's program open files of one type.
func associate(t *testing.T, ext string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	class := "heliograph" + ext
	for path, value := range map[string]string{
		ext:                           class,
		class + `\shell\open\command`: `"` + exe + `" "%1"`,
	} {
		k, _, err := registry.CreateKey(registry.CLASSES_ROOT, path, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		if err := k.SetStringValue("", value); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, path := range []string{ext, class + `\shell\open\command`, class + `\shell\open`, class + `\shell`, class} {
			if err := registry.DeleteKey(registry.CLASSES_ROOT, path); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestFileByItsType has the shell open a file of a type that a program claims.
func TestFileByItsType(t *testing.T) {
	const ext = ".heliographtest"
	associate(t, ext)
	dir := t.TempDir()
	path, opened := filepath.Join(dir, "a file"+ext), filepath.Join(dir, "opened")
	t.Setenv(openedVariable, opened)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := File(path); err != nil {
		t.Fatal(err)
	}
	var raw []byte
	wait.Until(t, "the program is started", func() bool {
		raw, _ = os.ReadFile(opened) // it appears with the program
		return len(raw) > 0
	})
	if string(raw) != path {
		t.Errorf("%q was opened, not %q", raw, path)
	}
}
