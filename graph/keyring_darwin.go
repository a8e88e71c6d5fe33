package graph

import (
	"context"
	"sync"
	"unsafe"

	"heliograph/detect/corefoundation"
)

// Functions of Security. SecKeychain is deprecated since macOS 10.10 and has no
// successor for keychains in a file, as the login keychain is.
//
// Source: Security/SecKeychain.h of the macOS SDK
var (
	secKeychainStatus func(keychain uintptr, status *uint32) int32
	secKeychainUnlock func(keychain uintptr, length uint32, password unsafe.Pointer, usePassword bool) int32
)

// loginKeychain returns the default keychain, NULL for these functions, which is
// the one that go-keyring uses.
var loginKeychain = sync.OnceValues(func() (*keychain, error) {
	if err := corefoundation.Load(); err != nil {
		return nil, err
	}
	err := corefoundation.Bind(corefoundation.FrameworkPath("Security"), map[string]any{
		"SecKeychainGetStatus": &secKeychainStatus,
		"SecKeychainUnlock":    &secKeychainUnlock,
	})
	if err != nil {
		return nil, err
	}
	look := func() (status uint32, code int32) {
		corefoundation.Pool(func() { code = secKeychainStatus(0, &status) })
		return status, code
	}
	unlock := func() (code int32) {
		corefoundation.Pool(func() { code = secKeychainUnlock(0, 0, nil, false) })
		return code
	}
	return newKeychain(look, unlock), nil
})

// readyKeyring looks at the keychain that go-keyring will use, and asks the person
// to unlock it. Without these functions go-keyring's own calls tell.
func readyKeyring(ctx context.Context, ask bool) error {
	k, err := loginKeychain()
	if err != nil {
		return keyringDeadline(ctx)
	}
	return k.ready(ctx, ask)
}

// WatchKeyring reports, until ctx ends, each time the keychain was locked and is
// not any more. It looks every few seconds. The channel holds one report at most
// and is never closed.
func WatchKeyring(ctx context.Context) <-chan struct{} {
	ready := make(chan struct{}, 1)
	if k, err := loginKeychain(); err == nil {
		go k.watch(ctx, ready)
	}
	return ready
}
