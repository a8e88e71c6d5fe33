//go:build !windows

package console

// Attach does nothing here: a program always has the terminal that it was
// started from.
func Attach() {}

// Attached returns false.
func Attached() bool { return false }

// Detach does nothing here: a program that goes on without its terminal is the
// shell's matter.
func Detach() {}
