package graph

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"
)

// keyringService is the name under which items appear in the OS keyring.
const keyringService = "heliograph"

// keyringTimeout bounds one keyring call: some Secret Service providers never
// answer (go-keyring issues 88, 104). unlockTimeout gives a person the time to
// type a password.
const (
	keyringTimeout = 3 * time.Second
	unlockTimeout  = 2 * time.Minute
)

// KeyringVault keeps secrets in the keyring of the operating system: Secret
// Service, Credential Manager or Keychain. It never falls back to a file.
type KeyringVault struct {
	// Ask lets the keyring's own prompt ask a person for its password; without
	// it a locked keyring is ErrVaultLocked at once.
	Ask bool
}

// Get reads an item.
func (v KeyringVault) Get(ctx context.Context, name string) ([]byte, error) {
	var text string
	err := v.call(ctx, func() (err error) {
		text, err = keyring.Get(keyringService, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	// Base64, since not every keyring keeps arbitrary bytes.
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("keyring item %s: %w", name, ErrVaultDamaged)
	}
	return b, nil
}

// Set writes an item.
func (v KeyringVault) Set(ctx context.Context, name string, secret []byte) error {
	return v.call(ctx, func() error {
		return keyring.Set(keyringService, name, base64.RawStdEncoding.EncodeToString(secret))
	})
}

// Delete removes an item; one that is not there is no error.
func (v KeyringVault) Delete(ctx context.Context, name string) error {
	err := v.call(ctx, func() error { return keyring.Delete(keyringService, name) })
	if errors.Is(err, ErrNoItem) {
		return nil
	}
	return err
}

// call readies the keyring, so that go-keyring itself never has to prompt, and
// runs one call of it under a deadline. A call that never returns costs its
// goroutine; go-keyring takes no context.
func (v KeyringVault) call(ctx context.Context, f func() error) error {
	if err := readyKeyring(ctx, v.Ask); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, keyringTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if errors.Is(err, keyring.ErrNotFound) {
			return ErrNoItem
		}
		if err != nil {
			return fmt.Errorf("keyring: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("keyring does not answer: %w", ctx.Err())
	}
}
