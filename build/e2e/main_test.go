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
	if lab.Browse() || watchOnly() {
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv("DESK_DIR") == "" {
		if os.Getenv("CI") == "true" && os.Getenv("HELIOGRAPH_DESKTOP") != "" {
			fmt.Fprintln(os.Stderr, "e2e: there is no desktop")
			return 1
		}
		fmt.Println("e2e: skipped: these stories need a desktop: build/desktop -l -- go test ./build/e2e")
		return 0
	}
	dir, err := os.MkdirTemp("", "e2e")
	if err == nil {
		defer os.RemoveAll(dir)
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}

// build makes the program, and the browser that it finds.
func build(dir string) error {
	binary = filepath.Join(dir, "heliograph")
	if out, err := exec.Command("go", "build", "-o", binary, "heliograph").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return lab.InstallBrowser(dir)
}
