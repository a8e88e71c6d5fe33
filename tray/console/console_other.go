//go:build !windows

package console

// Attach does nothing here: a program always has the terminal that it was
// started from.
func Attach() {}
