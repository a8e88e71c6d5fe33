package graph

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// marshaled is in the place of MSAL's cache.
type marshaled struct {
	bytes []byte
	err   error
}

func (m *marshaled) Marshal() ([]byte, error) { return m.bytes, m.err }
func (m *marshaled) Unmarshal(b []byte) error { m.bytes = b; return m.err }

// closed is a vault that cannot be used while it has an error.
type closed struct {
	MemoryVault
	err error
}

func (v *closed) Get(ctx context.Context, name string) ([]byte, error) {
	if v.err != nil {
		return nil, v.err
	}
	return v.MemoryVault.Get(ctx, name)
}

func (v *closed) Set(ctx context.Context, name string, secret []byte) error {
	if v.err != nil {
		return v.err
	}
	return v.MemoryVault.Set(ctx, name, secret)
}

// Silent returns the vault itself, which never asks.
func (v *closed) Silent() Vault { return v }

// TestOnlyASignInAsks: a session that is written in the background does not make
// the keyring ask for its password.
func TestOnlyASignInAsks(t *testing.T) {
	v := &asking{}
	s := emu.New(emu.Options{TokenLife: time.Minute})
	a := signedIn(t, s, v)
	if v.asked == 0 {
		t.Error("a sign-in may ask, and did not")
	}
	v.asked = 0
	if err := a.Client().SetPresence(t.Context(), presence.Away, time.Hour); err != nil {
		t.Fatal(err)
	}
	if v.asked != 0 || v.silent.sets == 0 {
		t.Errorf("a refresh asks %d times and writes %d items silently", v.asked, v.silent.sets)
	}
}

// asking counts the writes that may ask, and silent those that must not.
type asking struct {
	MemoryVault
	asked  int
	silent counting
}

func (v *asking) Set(ctx context.Context, name string, secret []byte) error {
	v.asked++
	return v.MemoryVault.Set(ctx, name, secret)
}

func (v *asking) Silent() Vault {
	v.silent.Vault = &v.MemoryVault
	return &v.silent
}

// counting counts the writes to a vault.
type counting struct {
	Vault
	sets int
}

func (v *counting) Set(ctx context.Context, name string, secret []byte) error {
	v.sets++
	return v.Vault.Set(ctx, name, secret)
}

func TestExportSurvivesAClosedVault(t *testing.T) {
	for _, trouble := range []error{ErrVaultLocked, ErrVaultAbsent, ErrVaultRefused, fmt.Errorf("%w: %w", ErrVaultTimeout, context.DeadlineExceeded), ErrVaultFailed} {
		v := &closed{err: trouble}
		c := newTokenCache(v)
		in := &marshaled{bytes: []byte("session")}
		if err := c.Export(t.Context(), in, cache.ExportHints{}); err != nil {
			t.Fatalf("%v ends the session: %v", trouble, err)
		}
		if err := c.failure(); !errors.Is(err, trouble) {
			t.Errorf("%v is returned as %v", trouble, err)
		}
		out := &marshaled{}
		if err := c.Replace(t.Context(), out, cache.ReplaceHints{}); err != nil || string(out.bytes) != "session" {
			t.Errorf("MSAL gets %q, %v", out.bytes, err)
		}
		// The same bytes again: the vault is tried until it accepts them.
		v.err = nil
		if err := c.Export(t.Context(), in, cache.ExportHints{}); err != nil || c.failure() != nil {
			t.Errorf("after %v: %v", trouble, c.failure())
		}
		if got, err := c.store.get(t.Context()); err != nil || string(got) != "session" {
			t.Errorf("kept %q, %v", got, err)
		}
		n := len(v.items)
		if err := c.Export(t.Context(), in, cache.ExportHints{}); err != nil || len(v.items) != n {
			t.Errorf("the same bytes are written again: %v", err)
		}
	}
	c := newTokenCache(&MemoryVault{})
	broken := errors.New("no cache")
	if err := c.Export(t.Context(), &marshaled{err: broken}, cache.ExportHints{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// TestRestoreReportsTheVault holds that a vault that cannot be used for now
// says nothing about who is signed in, and that a damaged session takes a person.
func TestRestoreReportsTheVault(t *testing.T) {
	for want, trouble := range map[string]error{"locked": ErrVaultLocked, "absent": ErrVaultAbsent, "refused": ErrVaultRefused, "silent": ErrVaultTimeout, "keyring": ErrVaultFailed, "damaged": ErrVaultDamaged} {
		a, err := Open(Config{ClientID: "22553876-f5ab-4529-bffb-cfe50aa89f87"}, &closed{err: trouble})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Restore(t.Context())
		if !errors.Is(err, trouble) || errors.Is(err, presence.ErrSignIn) != (want == "damaged") || Explain(err).Key != want {
			t.Errorf("%v: %v, %s", trouble, err, Explain(err).Key)
		}
	}
}

// TestRestoreOfADamagedSession: the item can be read, and MSAL cannot use it.
func TestRestoreOfADamagedSession(t *testing.T) {
	v := &MemoryVault{}
	if err := (parted{v, "account"}).set(t.Context(), []byte("secret words")); err != nil {
		t.Fatal(err)
	}
	a, err := Open(Config{ClientID: "22553876-f5ab-4529-bffb-cfe50aa89f87"}, v)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Restore(t.Context())
	if !errors.Is(err, presence.ErrSignIn) || Explain(err).Key != "damaged" || strings.Contains(err.Error(), "words") {
		t.Errorf("got %v, explained as %s", err, Explain(err).Key)
	}
}

// TestClearedSessionIsNotWrittenAgain: the session is cleared while a write of it
// waits for a slow vault.
func TestClearedSessionIsNotWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &MemoryVault{}
		c := newTokenCache(v)
		end, err := c.useVault(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		exported := make(chan error)
		go func() { exported <- c.Export(t.Context(), &marshaled{bytes: []byte("session")}, cache.ExportHints{}) }()
		synctest.Wait() // the session is in memory
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.clear(ctx); !errors.Is(err, ErrVaultTimeout) {
			t.Errorf("the vault is in use, and clear says %v", err)
		}
		end()
		if err := <-exported; err != nil {
			t.Error(err)
		}
		if len(v.items) != 0 {
			t.Errorf("%d items are written after the clearing", len(v.items))
		}
	})
}
