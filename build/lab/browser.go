package lab

import (
	"fmt"
	"os"
	"path/filepath"

	"heliograph/graph/emu"
)

// pageVariable holds the address of a page for a test binary that was started
// as a browser.
const pageVariable = "HELIOGRAPH_LAB_PAGE"

// browse acts as a browser and its user: the person signs in on the page and
// accepts what is asked. It returns the exit code of the process.
func browse(page string) int {
	if err := emu.Browser(nil, "self")(page); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		return 1
	}
	return 0
}

// InstallBrowser writes xdg-open into a folder, which starts this test binary
// as a browser, and puts the folder first in PATH.
func InstallBrowser(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\n%s=\"$1\" exec '%s'\n", pageVariable, self)
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		return err
	}
	return os.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}
