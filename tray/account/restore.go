package account

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/cenkalti/backoff/v5"

	"heliograph/graph"
	"heliograph/graph/presence"
)

// Pauses between two tries to read the keyring, while it is not ready. A desktop
// starts it within seconds of the login; its absence for minutes is lasting, and
// its arrival is announced on Linux (see graph.WatchKeyring).
const (
	firstPause = 2 * time.Second
	lastPause  = 5 * time.Minute
)

// patience is how long the keyring may not be ready before the person is notified:
// at login it often takes some seconds.
const patience = time.Minute

// never is a pause that only an event ends.
const never = time.Duration(math.MaxInt64)

// Run restores the stored session, tries again for as long as the keyring is not
// ready, and returns when ctx ends.
func (a *Account) Run(ctx context.Context) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = firstPause, lastPause
	overdue := time.NewTimer(never) // the person is notified then
	defer overdue.Stop()
	failing := false
	for {
		err := a.restore(ctx)
		if errors.Is(err, errInterrupted) {
			if !a.awaitIdle(ctx) {
				return
			}
			if a.isUnread() {
				continue
			}
			err = nil // the other operation has decided who is signed in
		}
		wait := never
		switch {
		case err == nil:
			failing = false
			overdue.Reset(never)
			pause.Reset()
		case !failing:
			failing = true
			overdue.Reset(patience)
		}
		// A new try would only make a locked keyring ask for its password again.
		if err != nil && !locked(err) {
			wait = pause.NextBackOff()
		}
		if !a.await(ctx, err, wait, overdue.C) {
			return
		}
	}
}

// locked reports that the keyring answers, and only its password is missing.
func locked(err error) bool {
	return errors.Is(err, graph.ErrVaultLocked) || errors.Is(err, graph.ErrVaultRefused)
}

// await waits until the session is to be restored again: after a pause, when the
// keyring becomes ready, or when the settings have changed. Meanwhile it reports a
// failure that is overdue. It returns false when ctx has ended.
func (a *Account) await(ctx context.Context, failure error, pause time.Duration, overdue <-chan time.Time) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var ready <-chan struct{}
	if failure != nil {
		ready = a.opts.KeyringReady(ctx)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-overdue:
			a.opts.Failed(failure, false)
		case <-timer.C:
			return true
		case <-ready:
			return true
		case <-a.retry:
			return true
		}
	}
}

// errInterrupted reports that another operation works, and decides who is signed
// in.
var errInterrupted = errors.New("another operation works on the account")

// isUnread reports that the keyring was not ready when it was read last.
func (a *Account) isUnread() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unread
}

// restore signs in without a question. Its error is one that may pass: the
// keyring was not ready, or errInterrupted. What only the person can resolve is
// reported and is not an error here.
func (a *Account) restore(ctx context.Context) error {
	ctx, end, ok := a.beginIdle(ctx)
	if !ok {
		return errInterrupted
	}
	defer end()
	g, err := a.current()
	if err != nil {
		a.opts.Log.Warn("nobody can sign in", "error", err)
		a.opts.Failed(err, false)
		return nil
	}
	p, err := a.read(ctx, g)
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err == nil:
		a.signedIn(g, p)
		return nil
	}
	a.opts.Log.Info("not signed in", "reason", err)
	a.setProblem(err)
	if !errors.Is(err, presence.ErrSignIn) {
		return err
	}
	if a.opts.SignInAtStart {
		return a.signIn(ctx, g)
	}
	a.opts.Failed(err, false)
	return nil
}
