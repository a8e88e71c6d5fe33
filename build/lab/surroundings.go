package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heliograph/build/wait"
)

// Surroundings gives a test a desktop of its own, so that it may end parts of
// it: script is build/desktop or build/wine, args are its options. The test's
// environment is that of the desktop until it ends; what the test starts
// afterwards runs there.
func Surroundings(t *testing.T, script string, args ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "environment")
	args = append(args, "--", "sh", "-c", `env -0 >"$0.new" && mv "$0.new" "$0" && exec sleep infinity`, file)
	p := Start(t, nil, script, args...)
	var raw []byte
	wait.Until(t, script+" is up", func() bool {
		var err error
		raw, err = os.ReadFile(file)
		return err == nil || p.Ended()
	})
	if p.Ended() {
		t.Fatalf("%s ended:\n%s", script, p.Output())
	}
	for _, v := range strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00") {
		name, value, _ := strings.Cut(v, "=")
		if name != "_" && name != "SHLVL" && os.Getenv(name) != value {
			t.Setenv(name, value)
		}
	}
}
