//go:build !windows

package graph

import "fmt"

// keyringFailure sorts an error of go-keyring.
func keyringFailure(err error) error { return fmt.Errorf("%w: %w", ErrVaultFailed, err) }
