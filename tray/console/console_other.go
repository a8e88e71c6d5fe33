//go:build !windows

package console

// Attach has nothing to do: a program has the terminal that it was started
// from.
func Attach() {}
