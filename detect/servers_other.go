//go:build !linux && !windows

package detect

// watchServers does nothing here: the services that a source connects to are
// part of the system.
func watchServers(func()) (end func()) { return func() {} }
