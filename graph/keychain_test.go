package graph

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fakeKeychain answers as Security.framework does.
type fakeKeychain struct {
	status, dialogs, open, most atomic.Int64
	code                        atomic.Int64
	person                      chan int32 // their answers
}

func newFake(status int64) (*fakeKeychain, *keychain) {
	f := &fakeKeychain{person: make(chan int32)}
	f.status.Store(status)
	return f, newKeychain(func() (uint32, int32) { return uint32(f.status.Load()), int32(f.code.Load()) }, func() int32 {
		f.dialogs.Add(1)
		f.most.Store(max(f.most.Load(), f.open.Add(1)))
		defer f.open.Add(-1)
		code := <-f.person
		if code == 0 {
			f.status.Store(keychainUnlocked)
		}
		return code
	})
}

// TestLockedKeychainIsLookedAtFirst: a look opens no dialog, and without leave to
// ask, none opens at all.
func TestLockedKeychainIsLookedAtFirst(t *testing.T) {
	for name, c := range map[string]struct {
		status, code int64
		want         error
	}{
		"unlocked":             {keychainUnlocked | 2 | 4, 0, nil},
		"locked":               {2 | 4, 0, ErrVaultLocked},
		"locked, nothing else": {0, 0, ErrVaultLocked},
		"status not readable":  {0, -25291, nil}, // errSecNotAvailable: reading the item will tell
		"no keychain":          {0, keychainMissing, ErrVaultAbsent},
		"no default keychain":  {0, keychainNoDefault, ErrVaultAbsent},
	} {
		f, k := newFake(c.status)
		f.code.Store(c.code)
		if err := k.ready(t.Context(), false); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if f.dialogs.Load() != 0 {
			t.Errorf("%s: a dialog opened", name)
		}
	}
}

// TestKeychainAsksOnce: a person has two minutes, longer than any call of the
// keyring; meanwhile no second dialog opens, nor after they have gone away.
func TestKeychainAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k := newFake(0)
		first := make(chan error, 1)
		go func() { first <- k.ready(t.Context(), true) }()
		synctest.Wait()
		for range 20 {
			if err := k.ready(t.Context(), true); !errors.Is(err, ErrVaultLocked) {
				t.Errorf("while a dialog is open: %v", err)
			}
		}
		<-time.After(unlockTimeout - time.Second)
		if len(first) != 0 {
			t.Fatalf("given up before the person could answer: %v", <-first)
		}
		f.person <- 0
		if err := <-first; err != nil {
			t.Errorf("unlocked: %v", err)
		}
		f.status.Store(0) // it locks again, and the person is away
		if err := k.ready(t.Context(), true); !errors.Is(err, ErrVaultLocked) {
			t.Errorf("nobody answers: %v", err)
		}
		if err := k.ready(t.Context(), true); !errors.Is(err, ErrVaultLocked) || f.dialogs.Load() != 2 || f.most.Load() != 1 {
			t.Errorf("%d dialogs, %d at once (%v)", f.dialogs.Load(), f.most.Load(), err)
		}
		f.person <- keychainCancelled
		synctest.Wait()
	})
}

func TestKeychainDialogAnswers(t *testing.T) {
	for code, want := range map[int32]error{0: nil, keychainCancelled: ErrVaultRefused, keychainWrong: ErrVaultRefused, keychainNoDialog: ErrVaultLocked, -1: ErrVaultLocked} {
		f, k := newFake(0)
		go func() { f.person <- code }()
		if err := k.ready(t.Context(), true); !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", code, err, want)
		}
	}
}

// TestUnlockedKeychainIsNoticed: once a person has unlocked the keychain, that is
// reported once, without a dialog. A keychain that was never locked reports
// nothing, so that another failure is not tried again every few seconds.
func TestUnlockedKeychainIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k := newFake(keychainUnlocked)
		ctx, cancel := context.WithCancel(t.Context())
		ready := make(chan struct{}, 1)
		go k.watch(ctx, ready)
		<-time.After(time.Minute)
		if len(ready) != 0 {
			t.Error("it was never locked")
		}
		f.status.Store(0)
		if err := k.ready(ctx, false); !errors.Is(err, ErrVaultLocked) {
			t.Error(err)
		}
		<-time.After(time.Minute)
		if len(ready) != 0 {
			t.Error("it is locked")
		}
		f.status.Store(keychainUnlocked)
		<-time.After(keychainPause)
		synctest.Wait()
		if len(ready) != 1 || f.dialogs.Load() != 0 {
			t.Errorf("%d reports, %d dialogs", len(ready), f.dialogs.Load())
		}
		<-ready
		<-time.After(time.Hour)
		if len(ready) != 0 {
			t.Error("reported twice")
		}
		cancel()
		synctest.Wait()
	})
}

// TestKeychainThatHangs: the look itself has a deadline.
func TestKeychainThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		k := newKeychain(func() (uint32, int32) { <-release; return 0, 0 }, nil)
		began := time.Now()
		if err := k.ready(t.Context(), true); !errors.Is(err, ErrVaultTimeout) || time.Since(began) != keyringTimeout {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		close(release)
		synctest.Wait()
	})
}
