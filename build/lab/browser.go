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

// Browse makes this process act as a browser and its user, if it was started as
// a browser, and reports whether it was: TestMain calls it first, and returns
// if so. The person signs in and accepts what is asked.
func Browse() bool {
	page := os.Getenv(pageVariable)
	if page == "" {
		return false
	}
	if err := emu.Browser(nil, "self")(page); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1)
	}
	return true
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
