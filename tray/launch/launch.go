// Package launch opens web pages and files in the program that the desktop has
// chosen for them. It starts that program, reaps it when it ends, and never
// waits for it to end: a browser may stay open for days.
//
// It refuses everything but web pages and existing files: no other scheme, and
// no command line.
package launch

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// URL opens a web page in the user's browser. It returns once the browser was
// started, or a starter has run for 300 ms without a failure (on Windows: the
// shell has answered, for which it has four seconds); starters that fail sooner
// are followed by the next one. It returns an error if the address
// is not an http or https one, or if nothing could be started. The address may
// carry secrets and is never part of the error.
func URL(page string) error {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("the page was not opened: it is not a web address")
	}
	if err := openURL(page); err != nil {
		return fmt.Errorf("the page was not opened: %w", err)
	}
	return nil
}

// File opens a file in the program that the user has chosen for its type, and
// a folder in the file manager. It waits no longer than URL does. It returns an
// error if the file does not exist or nothing could be started.
func File(path string) error {
	if path == "" {
		return errors.New("there is no file to open")
	}
	path, err := filepath.Abs(path) // so that it cannot be taken for an option
	if err != nil {
		return fmt.Errorf("the file was not opened: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("the file was not opened: %w", err)
	}
	if err := openFile(path); err != nil {
		return fmt.Errorf("the file was not opened: %w", err)
	}
	return nil
}

// failure returns how what ends on this channel failed, or nil if it succeeded
// or goes on after the limit.
func failure(ended <-chan error, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return nil
	}
}
