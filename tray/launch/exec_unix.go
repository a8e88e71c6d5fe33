//go:build unix

package launch

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// failWithin is how long a starter such as xdg-open is observed for a failure.
// A starter that finds no browser ends within some tens of milliseconds; one
// that runs the browser itself, as Debian's does, is still there afterwards and
// counts as a success. A person who waits for a window does not notice 300 ms.
const failWithin = 300 * time.Millisecond

// starter is a command that opens what its last argument names.
type starter []string

// startFirst starts the first of the starters that is installed and does not
// fail at once.
func startFirst(starters []starter) error {
	var failed error
	for _, s := range starters {
		ended, err := start(s)
		switch {
		case errors.Is(err, exec.ErrNotFound):
			continue
		case err == nil:
			err = failure(ended, failWithin)
		}
		if err == nil {
			return nil
		}
		err = fmt.Errorf("%s: %w", filepath.Base(s[0]), err)
		if failed == nil {
			failed = err
		} else {
			failed = fmt.Errorf("%w; %w", failed, err)
		}
	}
	if failed == nil {
		return errors.New("no program that could open it is installed")
	}
	return failed
}

// start starts s in a session of its own, so that it outlives heliograph and
// the terminal, with its standard input and output on /dev/null. A goroutine
// reaps it; the channel then carries how it ended.
func start(s starter) (<-chan error, error) {
	cmd := exec.Command(s[0], s[1:]...) // its files are nil: /dev/null
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended, nil
}
