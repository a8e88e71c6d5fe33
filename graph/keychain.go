package graph

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"heliograph/detect/latest"
)

// keychain is the login keychain of macOS. Reading an item of a locked one opens
// a dialog and waits for the person, which go-keyring does not know of: its call
// would be given up after keyringTimeout, and the next one would open another
// dialog. So heliograph looks whether it is locked first, which opens none, and
// asks itself, once, with the time that a person needs.
//
// It is built on every system, so that it can be tested.
type keychain struct {
	// look returns the status of the keychain, or an error of Security.framework
	// other than 0. It opens no dialog.
	look func() (status uint32, code int32)
	// unlock opens the dialog and returns when the person has answered.
	unlock func() (code int32)

	looks, dialogs abandonable
	wasLocked      atomic.Bool // when it was looked at last
}

func newKeychain(look func() (uint32, int32), unlock func() int32) *keychain {
	return &keychain{look: look, unlock: unlock, looks: make(abandonable, 1), dialogs: make(abandonable, 1)}
}

// Values of Security.framework.
//
// Source: Security/SecKeychain.h, Security/SecBase.h
const (
	keychainUnlocked  = 1      // kSecUnlockStateStatus
	keychainCancelled = -128   // errSecUserCanceled
	keychainMissing   = -25294 // errSecNoSuchKeychain
	keychainNoDefault = -25307 // errSecNoDefaultKeychain
	keychainNoDialog  = -25308 // errSecInteractionNotAllowed
	keychainWrong     = -25293 // errSecAuthFailed
)

// ready returns nil if the keychain is unlocked, and else unlocks it if ask
// allows the dialog. While a dialog is open, others are refused at once.
func (k *keychain) ready(ctx context.Context, ask bool) error {
	locked, err := k.locked(ctx)
	switch {
	case err != nil:
		return err
	case !locked:
		return nil
	case !ask:
		return ErrVaultLocked
	}
	return k.ask(ctx)
}

// locked looks at the keychain. A status that cannot be read is not an error: then
// the item is read as if the keychain were unlocked.
func (k *keychain) locked(ctx context.Context) (bool, error) {
	var status uint32
	var code int32
	_, err := k.looks.run(ctx, func() (string, error) {
		status, code = k.look()
		return "", nil
	})
	switch {
	case err != nil:
		return false, err
	case code == keychainMissing || code == keychainNoDefault:
		return false, fmt.Errorf("%w: there is no login keychain (%d)", ErrVaultAbsent, code)
	}
	locked := code == 0 && status&keychainUnlocked == 0
	k.wasLocked.Store(locked)
	return locked, nil
}

// ask opens the dialog, unless one is open, and waits for the person.
func (k *keychain) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, unlockTimeout)
	defer cancel()
	select {
	case k.dialogs <- struct{}{}:
	default:
		return fmt.Errorf("%w: it asks for its password already", ErrVaultLocked)
	}
	answer := make(chan int32, 1)
	go func() {
		defer func() { <-k.dialogs }()
		answer <- k.unlock()
	}()
	select {
	case code := <-answer:
		switch code {
		case 0:
			k.wasLocked.Store(false)
			return nil
		case keychainCancelled, keychainWrong:
			return ErrVaultRefused
		case keychainNoDialog:
			return fmt.Errorf("%w: it cannot ask for its password here", ErrVaultLocked)
		}
		return fmt.Errorf("%w: unlocking failed (%d)", ErrVaultLocked, code)
	case <-ctx.Done():
		return fmt.Errorf("%w: nobody answered its prompt", ErrVaultLocked)
	}
}

// keychainPause is how often a locked keychain is looked at until it is unlocked,
// while heliograph waits for that: macOS has no notification for it that needs no
// run loop. A person who has unlocked it expects to be signed in soon.
const keychainPause = 5 * time.Second

// watch reports until ctx ends each time the keychain was locked and is not any
// more, whoever has looked at it meanwhile.
func (k *keychain) watch(ctx context.Context, ready chan<- struct{}) {
	ticker := time.NewTicker(keychainPause)
	defer ticker.Stop()
	before := k.wasLocked.Load() // by the failure that is waited for
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		locked, err := k.locked(ctx)
		if err != nil {
			continue
		}
		if before && !locked {
			latest.Notify(ready)
		}
		before = locked
	}
}
