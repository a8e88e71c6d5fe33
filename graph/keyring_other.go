//go:build !linux && !darwin

package graph

import "context"

// readyKeyring has nothing to do where the system unlocks the keyring with the
// session.
func readyKeyring(ctx context.Context, _ bool) error {
	return keyringDeadline(ctx)
}
