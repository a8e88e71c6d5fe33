// Package autostart has the desktop start heliograph when a person signs in,
// with the system's own means for a single user: an XDG autostart entry, the Run
// key of Windows, or a launch agent of macOS. It needs no administrator rights
// and changes no entry of other programs or users.
package autostart

import (
	"fmt"
	"path/filepath"
)

// State reports whether the next sign-in starts heliograph. What a person has
// switched off in the system's own settings counts as off, and so does an entry
// whose program does not exist any more.
func State() (on bool, err error) {
	on, err = state()
	if err != nil {
		return false, fmt.Errorf("start at sign-in: %w", err)
	}
	return on, nil
}

// Enable has each sign-in start exe, which must be an absolute path, with args.
// It replaces an earlier entry, and overrides an "off" in the system's own
// settings.
func Enable(exe string, args ...string) error {
	if !filepath.IsAbs(exe) {
		return fmt.Errorf("start at sign-in: %q is not an absolute path", exe)
	}
	if err := enable(exe, args); err != nil {
		return fmt.Errorf("start at sign-in: %w", err)
	}
	return nil
}

// Disable ends the start at sign-in. It is not an error if there is no entry.
func Disable() error {
	if err := disable(); err != nil {
		return fmt.Errorf("start at sign-in: %w", err)
	}
	return nil
}
