//go:build !linux && !windows && !darwin

package support

// release returns nothing: the versions of this system are not known.
func release() []string { return nil }
