package cli

import (
	"errors"
	"fmt"

	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray/control"
)

// Exit codes, documented in the help.
const (
	exitFailure    = 1
	exitUsage      = 2
	exitNotRunning = 3
	exitSignIn     = 4
)

// UsageError is a command line or a settings file that cannot be understood.
type UsageError struct{ error }

// Unwrap returns the error itself.
func (e UsageError) Unwrap() error { return e.error }

// Usage makes a UsageError.
func Usage(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// ExitCode returns the process's exit code for a command's error.
func ExitCode(err error) int {
	var usage UsageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, control.ErrNotRunning):
		return exitNotRunning
	case errors.Is(err, presence.ErrSignIn), errors.Is(err, graph.ErrNoClientID):
		return exitSignIn
	}
	return exitFailure
}
