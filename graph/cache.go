package graph

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
)

// tokenCache is MSAL's cache, kept in the vault. MSAL asks for it at every
// call, so the bytes stay in memory.
type tokenCache struct {
	store parted

	mu     sync.Mutex
	loaded bool
	bytes  []byte
	err    error // why the bytes are not in the vault
}

func (c *tokenCache) load(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded {
		return nil
	}
	b, err := c.store.get(ctx)
	if err != nil && !errors.Is(err, ErrNoItem) {
		return err
	}
	c.loaded, c.bytes = true, b
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

func (c *tokenCache) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Replace hands the stored cache to MSAL.
func (c *tokenCache) Replace(ctx context.Context, m cache.Unmarshaler, _ cache.ReplaceHints) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.bytes) == 0 {
		return nil
	}
	return m.Unmarshal(c.bytes)
}

// Export takes MSAL's cache over. A vault that does not open costs the memory
// of the session over a restart, not the session.
func (c *tokenCache) Export(ctx context.Context, m cache.Marshaler, _ cache.ExportHints) error {
	b, err := m.Marshal()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if string(b) == string(c.bytes) && c.err == nil {
		return nil
	}
	c.loaded, c.bytes = true, b
	c.err = c.store.set(ctx, b)
	return nil
}

func (c *tokenCache) clear(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes, c.err = nil, nil
	return c.store.delete(ctx)
}

func (c *tokenCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded, c.bytes, c.err = false, nil, nil
}
