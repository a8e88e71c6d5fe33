package graph

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

// TestKeyringThatHangs: a call that never returns is given up after its
// deadline, costs one goroutine however often the keyring is tried, and does
// not block others once it has ended.
func TestKeyringThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, release := make(abandonable, 1), make(chan struct{})
		var started atomic.Int64
		hang := func() (string, error) {
			started.Add(1)
			<-release
			return "late", nil
		}
		for range 5 {
			began := time.Now()
			_, err := calls.run(t.Context(), hang)
			if !errors.Is(err, ErrVaultTimeout) || time.Since(began) != keyringTimeout {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := calls.run(ctx, hang); !errors.Is(err, ErrVaultTimeout) || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if n := started.Load(); n != 1 {
			t.Errorf("%d calls were started", n)
		}
		close(release)
		synctest.Wait()
		if got, err := calls.run(t.Context(), func() (string, error) { return "answer", nil }); got != "answer" || err != nil {
			t.Errorf("afterwards: %q, %v", got, err)
		}
	})
}

func TestKeyringErrors(t *testing.T) {
	calls := make(abandonable, 1)
	if _, err := calls.run(t.Context(), func() (string, error) { return "", keyring.ErrNotFound }); !errors.Is(err, ErrNoItem) {
		t.Errorf("a missing item: %v", err)
	}
	if _, err := calls.run(t.Context(), func() (string, error) { return "", errors.New("broken") }); !errors.Is(err, ErrVaultFailed) || Explain(err).Key != "keyring" {
		t.Errorf("a failure: %v", err)
	}
}

// TestKeyringIsNotTheNetwork holds that whatever keeps the keyring from being
// used, its own deadline too, is explained as the keyring's: a person who reads
// of Microsoft looks in the wrong place.
func TestKeyringIsNotTheNetwork(t *testing.T) {
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, getErr := KeyringVault{}.Get(past, "test")
	for name, err := range map[string]error{
		"read":    getErr,
		"write":   KeyringVault{}.Set(past, "test", nil),
		"delete":  KeyringVault{}.Delete(past, "test"),
		"too big": parted{&MemoryVault{}, "test"}.set(t.Context(), make([]byte, partSize*maxParts+1)),
	} {
		if key := Explain(err).Key; key == "network" || !passing(err) {
			t.Errorf("%s: %q, %v", name, key, err)
		}
	}
}
