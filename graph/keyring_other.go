//go:build !linux && !darwin

package graph

import (
	"context"
	"fmt"
)

// readyKeyring has nothing to do where the system unlocks the keyring with the
// session.
func readyKeyring(ctx context.Context, _ bool) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrVaultTimeout, err)
	}
	return nil
}
