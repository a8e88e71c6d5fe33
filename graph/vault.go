package graph

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
)

// Vault keeps secrets between runs. Every call ends when its context does, and
// has a deadline of its own.
type Vault interface {
	// Get returns an item, or ErrNoItem.
	Get(ctx context.Context, name string) ([]byte, error)
	// Set writes an item.
	Set(ctx context.Context, name string, secret []byte) error
	// Delete removes an item; one that does not exist is not an error.
	Delete(ctx context.Context, name string) error
	// Silent returns the same vault for work that nobody is waiting for: it
	// never asks a person for a password.
	Silent() Vault
}

// ErrNoItem reports that a vault answers and does not hold the item.
var ErrNoItem = errors.New("no such item in the keyring")

// Why a vault cannot be used. Each has its own sentence for people; see
// Explain. All but ErrVaultDamaged may pass: they say nothing about whether
// somebody is signed in, and the call is worth trying again.
var (
	ErrVaultLocked  = errors.New("the keyring is locked")
	ErrVaultAbsent  = errors.New("there is no keyring service")
	ErrVaultRefused = errors.New("unlocking the keyring was refused")
	ErrVaultTimeout = errors.New("the keyring does not answer")
	ErrVaultFailed  = errors.New("the keyring failed")
	ErrVaultDamaged = errors.New("what the keyring keeps is damaged")
)

// passing reports that a vault could not be used for now.
func passing(err error) bool {
	for _, known := range []error{ErrVaultLocked, ErrVaultAbsent, ErrVaultRefused, ErrVaultTimeout, ErrVaultFailed} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// MemoryVault keeps secrets for as long as the process lives.
type MemoryVault struct {
	mu    sync.Mutex
	items map[string][]byte
}

// Get returns a copy of an item.
func (v *MemoryVault) Get(_ context.Context, name string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b, ok := v.items[name]
	if !ok {
		return nil, ErrNoItem
	}
	return append([]byte{}, b...), nil
}

// Set stores a copy of an item.
func (v *MemoryVault) Set(_ context.Context, name string, secret []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.items == nil {
		v.items = map[string][]byte{}
	}
	v.items[name] = append([]byte{}, secret...)
	return nil
}

// Delete removes an item.
func (v *MemoryVault) Delete(_ context.Context, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.items, name)
	return nil
}

// Silent returns the vault itself: it never asks anybody.
func (v *MemoryVault) Silent() Vault { return v }

// partSize, in bytes, fits as base64 into the smallest limit of an item: Windows
// accepts 2,560 bytes and macOS about 3,000, and a MSAL cache of one account has
// 7 to 10 KB.
const partSize = 1500

// maxParts bounds what a damaged head entry can make us read.
const maxParts = 64

// head names the parts that make up the present value.
type head struct {
	Generation string `json:"generation"`
	Parts      int    `json:"parts"`
	Sum        string `json:"sha256"`
}

// parted keeps one large value in small items. A new value is written under a
// fresh generation, then the head is switched, then the old generation is
// deleted: whatever step a crash interrupts, a whole value remains.
type parted struct {
	vault Vault
	name  string
}

func (p parted) part(generation string, i int) string {
	return p.name + "." + generation + "." + strconv.Itoa(i)
}

func (p parted) head(ctx context.Context) (head, error) {
	raw, err := p.vault.Get(ctx, p.name)
	if err != nil {
		return head{}, err
	}
	var h head
	if json.Unmarshal(raw, &h) != nil || h.Parts < 1 || h.Parts > maxParts || len(h.Generation) > 64 {
		return head{}, fmt.Errorf("keyring item %s: %w", p.name, ErrVaultDamaged)
	}
	return h, nil
}

func (p parted) get(ctx context.Context) ([]byte, error) {
	h, err := p.head(ctx)
	if err != nil {
		return nil, err
	}
	var value []byte
	for i := range h.Parts {
		b, err := p.vault.Get(ctx, p.part(h.Generation, i))
		if errors.Is(err, ErrNoItem) {
			err = ErrVaultDamaged
		}
		if err != nil {
			return nil, fmt.Errorf("keyring item %s, part %d: %w", p.name, i+1, err)
		}
		value = append(value, b...)
	}
	if sum(value) != h.Sum {
		return nil, fmt.Errorf("keyring item %s: %w", p.name, ErrVaultDamaged)
	}
	return value, nil
}

func (p parted) set(ctx context.Context, value []byte) error {
	if len(value) > partSize*maxParts {
		return fmt.Errorf("%w: item %s would need more than %d parts", ErrVaultFailed, p.name, maxParts)
	}
	old, oldErr := p.head(ctx)
	if oldErr != nil && !errors.Is(oldErr, ErrNoItem) && !errors.Is(oldErr, ErrVaultDamaged) {
		return oldErr
	}
	h := head{Generation: rand.Text()[:12], Parts: max(1, (len(value)+partSize-1)/partSize), Sum: sum(value)}
	for i := range h.Parts {
		from := i * partSize
		if err := p.vault.Set(ctx, p.part(h.Generation, i), value[from:min(len(value), from+partSize)]); err != nil {
			p.drop(ctx, h.Generation, i)
			return err
		}
	}
	raw, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := p.vault.Set(ctx, p.name, raw); err != nil {
		// The answer may have been lost, not the write. The parts that the head
		// names must stay, so it is read before any is deleted.
		now, lookErr := p.head(ctx)
		switch {
		case lookErr == nil && now != h, errors.Is(lookErr, ErrNoItem):
			p.drop(ctx, h.Generation, h.Parts)
			return err
		case lookErr != nil:
			return err
		}
	}
	if oldErr == nil {
		p.drop(ctx, old.Generation, old.Parts)
	}
	return nil
}

// drop deletes parts that nothing refers to, until one deletion fails: what
// remains costs only room.
func (p parted) drop(ctx context.Context, generation string, n int) {
	for i := range n {
		if p.vault.Delete(ctx, p.part(generation, i)) != nil {
			return
		}
	}
}

// delete removes the head first, so that a crash leaves no half value.
func (p parted) delete(ctx context.Context) error {
	h, err := p.head(ctx)
	if errors.Is(err, ErrNoItem) {
		return nil
	}
	if derr := p.vault.Delete(ctx, p.name); derr != nil {
		return derr
	}
	for i := range h.Parts {
		if err := p.vault.Delete(ctx, p.part(h.Generation, i)); err != nil && !errors.Is(err, ErrNoItem) {
			return err
		}
	}
	return nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
