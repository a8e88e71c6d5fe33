//go:build !linux

package graph

import (
	"context"
	"fmt"
)

// keyringDeadline returns why there is no time for the keyring any more; nil:
// there is.
func keyringDeadline(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrVaultTimeout, err)
	}
	return nil
}
