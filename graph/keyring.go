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

// Silent returns the keyring without its prompt.
func (KeyringVault) Silent() Vault { return KeyringVault{} }

// Get returns an item, or ErrNoItem.
func (v KeyringVault) Get(ctx context.Context, name string) ([]byte, error) {
	text, err := v.call(ctx, func() (string, error) { return keyring.Get(keyringService, name) })
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
	_, err := v.call(ctx, func() (string, error) {
		return "", keyring.Set(keyringService, name, base64.RawStdEncoding.EncodeToString(secret))
	})
	return err
}

// Delete removes an item; one that does not exist is not an error.
func (v KeyringVault) Delete(ctx context.Context, name string) error {
	_, err := v.call(ctx, func() (string, error) { return "", keyring.Delete(keyringService, name) })
	if errors.Is(err, ErrNoItem) {
		return nil
	}
	return err
}

// call prepares the keyring, so that go-keyring itself never prompts, and makes
// one call of it.
func (v KeyringVault) call(ctx context.Context, f func() (string, error)) (string, error) {
	if err := readyKeyring(ctx, v.Ask); err != nil {
		return "", err
	}
	return keyringCalls.run(ctx, f)
}

// keyringCalls are the calls of go-keyring in this process.
var keyringCalls = make(abandonable, 1)

// abandonable runs calls that take no context, one at a time, and returns from
// one that does not end. Such a call keeps its goroutine and its slot until it
// ends, so that a keyring that hangs costs one goroutine, however often it is
// tried.
type abandonable chan struct{}

// run returns what f returns, or ErrVaultTimeout if f has not ended within
// keyringTimeout, or before ctx ends; waiting for the slot counts.
func (turn abandonable) run(ctx context.Context, f func() (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, keyringTimeout)
	defer cancel()
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return "", fmt.Errorf("%w: %w", ErrVaultTimeout, ctx.Err())
	}
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-turn }()
		text, err := f()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		switch {
		case errors.Is(r.err, keyring.ErrNotFound):
			return "", ErrNoItem
		case r.err != nil:
			return "", keyringFailure(r.err)
		}
		return r.text, nil
	case <-ctx.Done():
		return "", fmt.Errorf("%w: %w", ErrVaultTimeout, ctx.Err())
	}
}
