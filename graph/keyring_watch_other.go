//go:build !linux && !darwin

package graph

import "context"

// WatchKeyring reports, until ctx ends, each time the keyring has become usable.
// This system does not announce it: there is never a report.
func WatchKeyring(context.Context) <-chan struct{} { return nil }
