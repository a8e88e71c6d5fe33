package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
)

// tokenCache is MSAL's cache, kept in the vault. MSAL reads it with every call,
// so the bytes stay in memory.
type tokenCache struct {
	store parted
	// vault is the lock of store. It is never taken while mu is held, since a
	// vault may take long.
	vault chan struct{}
	// prompts counts the sign-ins that a person is waiting for. Only while
	// there are any may the vault ask for its password.
	prompts atomic.Int32

	mu     sync.Mutex
	loaded bool
	bytes  []byte
	err    error // why the bytes are not in the vault
}

func newTokenCache(v Vault) *tokenCache {
	return &tokenCache{store: parted{v, "account"}, vault: make(chan struct{}, 1)}
}

// useVault takes the lock of the vault, and returns the function that releases
// it.
func (c *tokenCache) useVault(ctx context.Context) (end func(), err error) {
	select {
	case c.vault <- struct{}{}:
		return func() { <-c.vault }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrVaultTimeout, ctx.Err())
	}
}

// load reads the vault, unless the bytes are in memory.
func (c *tokenCache) load(ctx context.Context) error {
	end, err := c.useVault(ctx)
	if err != nil {
		return err
	}
	defer end()
	c.mu.Lock()
	loaded := c.loaded
	c.mu.Unlock()
	if loaded {
		return nil
	}
	b, err := c.store.get(ctx)
	if err != nil && !errors.Is(err, ErrNoItem) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.loaded { // by a sign-in meanwhile
		c.loaded, c.bytes = true, b
	}
	return nil
}

// hasRefreshToken reports whether the cache holds a refresh token of an account,
// in the schema that all of Microsoft's MSAL libraries share.
//
// Source: https://github.com/AzureAD/microsoft-authentication-library-for-go/blob/main/apps/internal/base/storage/items.go
func (c *tokenCache) hasRefreshToken(homeAccountID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var content struct {
		RefreshToken map[string]struct {
			HomeAccountID string `json:"home_account_id"`
			Secret        string `json:"secret"`
		}
	}
	if json.Unmarshal(c.bytes, &content) != nil {
		return false
	}
	for _, t := range content.RefreshToken {
		if t.HomeAccountID == homeAccountID && t.Secret != "" {
			return true
		}
	}
	return false
}

// failure returns why the session is not in the vault; nil: it is.
func (c *tokenCache) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// noCache is MSAL's cache without anybody.
var noCache = []byte("{}")

// Replace passes the bytes to MSAL. Without any MSAL forgets what it has: after a
// sign-out it would still find the account in its own memory.
func (c *tokenCache) Replace(_ context.Context, m cache.Unmarshaler, _ cache.ReplaceHints) error {
	c.mu.Lock()
	b := c.bytes
	c.mu.Unlock()
	if len(b) == 0 {
		b = noCache
	}
	return m.Unmarshal(b)
}

// Export stores MSAL's cache in memory and writes it to the vault. A vault that
// fails is not an error here: the session then lasts as long as the process,
// and the vault is tried again with the next export.
func (c *tokenCache) Export(ctx context.Context, m cache.Marshaler, _ cache.ExportHints) error {
	b, err := m.Marshal()
	if err != nil {
		return err
	}
	c.mu.Lock()
	same := bytes.Equal(b, c.bytes) && c.err == nil
	c.loaded, c.bytes = true, b
	c.mu.Unlock()
	if !same {
		c.write(ctx)
	}
	return nil
}

// write writes to the vault the bytes that are in memory when the lock of the
// vault is free.
func (c *tokenCache) write(ctx context.Context) {
	end, err := c.useVault(ctx)
	if err == nil {
		defer end()
		c.mu.Lock()
		b := c.bytes
		c.mu.Unlock()
		store := c.store
		if c.prompts.Load() == 0 {
			store.vault = store.vault.Silent()
		}
		if len(b) > 0 { // else it was cleared meanwhile
			err = store.set(ctx, b)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// clear deletes the session, in memory and in the vault.
func (c *tokenCache) clear(ctx context.Context) error {
	c.mu.Lock()
	c.bytes, c.err = nil, nil
	c.mu.Unlock()
	end, err := c.useVault(ctx)
	if err != nil {
		return err
	}
	defer end()
	return c.store.delete(ctx)
}

// forget drops what is in memory; the vault is left as it is.
func (c *tokenCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded, c.bytes, c.err = false, nil, nil
}
