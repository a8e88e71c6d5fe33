package folders

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// folders asks for all folders.
func folders(t *testing.T) map[string]string {
	t.Helper()
	got := map[string]string{}
	for what, ask := range map[string]func() (string, error){"settings": Settings, "state": State, "logs": Logs, "runtime": Runtime} {
		dir, err := ask()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got[what] = dir
	}
	return got
}

// TestFoldersOfTheSystem: without any XDG variable each system's own places
// count. They must never change: the files of users are there.
func TestFoldersOfTheSystem(t *testing.T) {
	home := t.TempDir()
	for _, v := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"} {
		t.Setenv(v, "")
	}
	t.Setenv("HOME", home)
	t.Setenv("AppData", filepath.Join(home, "Roaming"))
	t.Setenv("LocalAppData", filepath.Join(home, "Local"))
	want := map[string]string{"settings": ".config/heliograph", "state": ".local/state/heliograph", "logs": ".local/state/heliograph", "runtime": ".cache/heliograph"}
	switch runtime.GOOS {
	case "darwin":
		want = map[string]string{"settings": "Library/Application Support/heliograph", "state": "Library/Application Support/heliograph",
			"logs": "Library/Logs/heliograph", "runtime": "Library/Application Support/heliograph"}
	case "windows":
		want = map[string]string{"settings": "Roaming/heliograph", "state": "Local/heliograph", "logs": "Local/heliograph", "runtime": "Local/heliograph"}
	}
	for what, dir := range folders(t) {
		if dir != filepath.Join(home, filepath.FromSlash(want[what])) {
			t.Errorf("%s are in %s, not in %s", what, dir, want[what])
		}
	}
}

// TestFoldersOfTheEnvironment: variables are read with each call, since tests
// and scripts set them while the program runs.
func TestFoldersOfTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(dir, "run"))
	got := folders(t)
	want := map[string]string{"state": "state", "logs": "state", "runtime": "run"}
	if runtime.GOOS == "linux" {
		t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
		got = folders(t)
		want["settings"] = "config"
	}
	for what, sub := range want {
		if got[what] != filepath.Join(dir, sub, "heliograph") {
			t.Errorf("%s are in %s", what, got[what])
		}
	}
}

func TestRelativeVariablesAreIgnored(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", "config")
	t.Setenv("XDG_STATE_HOME", "state")
	t.Setenv("XDG_RUNTIME_DIR", "run")
	for what, dir := range folders(t) {
		if !filepath.IsAbs(dir) {
			t.Errorf("%s are in %s", what, dir)
		}
	}
}

// TestNoHome: without HOME the system is asked for the user's home.
func TestNoHome(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Setenv("AppData", "")
		t.Setenv("LocalAppData", "")
	}
	for _, v := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "HOME"} {
		t.Setenv(v, "")
	}
	if runtime.GOOS == "windows" {
		if dir, err := Settings(); err == nil || !strings.Contains(err.Error(), "folder for settings") {
			t.Errorf("without a home settings are in %q: %v", dir, err)
		}
	} else {
		u, err := user.Current()
		if err != nil {
			t.Fatal(err)
		}
		for what, dir := range folders(t) {
			if !strings.HasPrefix(dir, u.HomeDir) {
				t.Errorf("%s are in %s, not in %s", what, dir, u.HomeDir)
			}
		}
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("a folder was made")
	}
}
