//go:build unix

// Package e2e holds the stories of heliograph with the real program on a real
// desktop: build/desktop -l -- go test ./build/e2e. Only Microsoft is emulated.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"heliograph/build/lab"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	if watchOnly() {
		return
	}
	os.Exit(lab.Main(m, lab.Suite{Variable: "DESK_DIR", Command: "build/desktop -l -- go test ./build/e2e",
		Required: os.Getenv("CI") == "true" && os.Getenv("HELIOGRAPH_DESKTOP") != "", Build: build}))
}

// build makes the program, and the browser that it finds.
func build(dir string) error {
	binary = filepath.Join(dir, "heliograph")
	if out, err := exec.Command("go", "build", "-o", binary, "heliograph").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return lab.InstallBrowser(dir)
}
