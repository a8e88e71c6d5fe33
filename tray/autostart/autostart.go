// Package autostart has the desktop start heliograph when a person signs in,
// by the system's own per-user means: an XDG autostart entry, the Run key of
// Windows, a launch agent of macOS. It needs no administrator and leaves
// other people's entries alone.
package autostart

import (
	"fmt"
	"path/filepath"
)

// State reports whether the next sign-in starts heliograph. What a person has
// switched off in the system's own settings counts as off, and so does an
// entry whose program has gone.
func State() (on bool, err error) {
	on, err = state()
	if err != nil {
		return false, fmt.Errorf("start at sign-in: %w", err)
	}
	return on, nil
}

// Enable has each sign-in start exe, an absolute path, with args. It takes the
// place of an earlier entry, and of a "no" in the system's own settings.
func Enable(exe string, args ...string) error {
	if !filepath.IsAbs(exe) {
		return fmt.Errorf("start at sign-in: %q is no absolute path", exe)
	}
	if err := enable(exe, args); err != nil {
		return fmt.Errorf("start at sign-in: %w", err)
	}
	return nil
}

// Disable has no sign-in start heliograph; without an entry there is nothing
// to do.
func Disable() error {
	if err := disable(); err != nil {
		return fmt.Errorf("start at sign-in: %w", err)
	}
	return nil
}
