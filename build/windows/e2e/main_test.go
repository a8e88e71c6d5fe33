//go:build linux

// Package e2e holds the stories of heliograph on Windows, with the real program
// under Wine: build/wine -- go test ./build/windows/e2e. Only Microsoft is
// emulated, by the Linux build of the same program.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"heliograph/build/lab"
)

// What is under test, built once.
var (
	native string // the Linux build, for the emulator
	built  string // the folder with the Windows builds
)

// The builds in that folder.
const (
	trayProgram    = "heliograph-amd64.exe" // without a console
	consoleProgram = "heliograph-amd64.com"
	setupProgram   = "heliograph-amd64-setup.exe"
)

func TestMain(m *testing.M) {
	os.Exit(lab.Main(m, lab.Suite{Variable: "WINE_DIR", Command: "build/wine -- go test ./build/windows/e2e", Build: build}))
}

// build makes the programs, and the browser that Wine finds.
func build(dir string) error {
	native, built = filepath.Join(dir, "heliograph"), filepath.Join(dir, "windows")
	for _, c := range [][]string{
		{"go", "build", "-o", native, "heliograph"},
		{"../build", "-a", "amd64", "-v", "9.8.7", "-s", built},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w: %s", c, err, out)
		}
	}
	return lab.InstallBrowser(dir)
}
