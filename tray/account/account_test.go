package account

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/build/wait"
	"heliograph/detect"
	"heliograph/graph"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
	"heliograph/tray/settings"
)

// keyring is a MemoryVault that is not ready while it has an error.
type keyring struct {
	graph.MemoryVault
	mu    sync.Mutex
	err   error
	reads int // while it was not ready
	// deleting gets a value when an item is to be deleted, which waits for goOn.
	deleting, goOn chan struct{}
}

func (k *keyring) Get(ctx context.Context, name string) ([]byte, error) {
	k.mu.Lock()
	err := k.err
	if err != nil {
		k.reads++
	}
	k.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return k.MemoryVault.Get(ctx, name)
}

// Delete waits first, while there is something to wait for.
func (k *keyring) Delete(ctx context.Context, name string) error {
	k.mu.Lock()
	deleting, goOn := k.deleting, k.goOn
	k.mu.Unlock()
	if deleting != nil {
		deleting <- struct{}{}
		select {
		case <-goOn:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return k.MemoryVault.Delete(ctx, name)
}

func (k *keyring) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

func (k *keyring) tries() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reads
}

// person is a heliograph of which only the account runs.
type person struct {
	*Account
	loop    *presence.Loop
	keyring *keyring
	ready   chan struct{}

	mu     sync.Mutex
	failed []error // what only the person can resolve
}

// stored returns an emulator with a session of Ada's in the keyring.
func stored(t *testing.T) (*emu.Server, *keyring) {
	t.Helper()
	s, k := emu.New(emu.Options{}), &keyring{}
	a, err := graph.Open(graph.Config{ClientID: emu.AppID, Transport: s.Transport()}, k)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignIn(t.Context(), graph.Prompt{OpenURL: inBackground(emu.Browser(s.Transport(), "self"))}); err != nil {
		t.Fatal(err)
	}
	return s, k
}

// inBackground behaves like a browser: opening it does not wait for the person.
func inBackground(walk func(string) error) func(string) error {
	return func(page string) error {
		go func() { _ = walk(page) }() // a failure shows as a sign-in that never ends
		return nil
	}
}

func registered() settings.Config {
	c := settings.Default()
	c.Account.ClientID = emu.AppID
	return c
}

// start runs an account and a loop until stop is called.
func start(t *testing.T, s *emu.Server, k *keyring, c settings.Config, open func(string) error) (p *person, stop func()) {
	t.Helper()
	loop := presence.New(presence.Options{})
	p = &person{loop: loop, keyring: k, ready: make(chan struct{}, 1)}
	p.Account = New(Options{Log: slog.New(slog.DiscardHandler), Vault: k, Loop: loop, Transport: s.Transport(), OpenURL: open,
		KeyringReady: func(context.Context) <-chan struct{} { return p.ready },
		Failed: func(err error, _ bool) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.failed = append(p.failed, err)
		}}, c)
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() { loop.Run(ctx) })
	wait.Go(func() { p.Run(ctx) })
	return p, func() { cancel(); wait.Wait() }
}

// reports returns what only the person could resolve so far.
func (p *person) reports() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]error{}, p.failed...)
}

func (p *person) signedInAs() string { return p.State().Person.Username }

// TestKeyringNotReadyAtLogin holds that a keyring which comes up late signs
// nobody out, asks nobody and is read as soon as it is there.
func TestKeyringNotReadyAtLogin(t *testing.T) {
	for name, failure := range map[string]error{
		"absent": graph.ErrVaultAbsent, "silent": context.DeadlineExceeded, "locked": graph.ErrVaultLocked, "refused": graph.ErrVaultRefused,
	} {
		t.Run(name, func(t *testing.T) {
			s, k := stored(t)
			k.fail(failure)
			synctest.Test(t, func(t *testing.T) {
				p, stop := start(t, s, k, registered(), nil)
				defer stop()
				<-time.After(30 * time.Second)
				synctest.Wait()
				if got := p.State(); !errors.Is(got.Problem, failure) || got.Person.ID != "" || len(p.reports()) != 0 {
					t.Fatalf("after 30 s: %+v, reported %v", got, p.reports())
				}
				k.fail(nil)
				p.ready <- struct{}{}
				synctest.Wait()
				if got := p.State(); got.Problem != nil || got.Person.ID != emu.SelfID {
					t.Errorf("once the keyring is ready: %+v", got)
				}
				if reported := p.reports(); len(reported) != 0 {
					t.Errorf("reported %v", reported)
				}
			})
		})
	}
}

// TestKeyringIsReadAgain holds that no announcement is needed, and that a
// keyring which stays absent is reported once.
func TestKeyringIsReadAgain(t *testing.T) {
	s, k := stored(t)
	k.fail(graph.ErrVaultAbsent)
	synctest.Test(t, func(t *testing.T) {
		p, stop := start(t, s, k, registered(), nil)
		defer stop()
		<-time.After(time.Hour)
		synctest.Wait()
		if reported := p.reports(); len(reported) != 1 || !errors.Is(reported[0], graph.ErrVaultAbsent) {
			t.Errorf("reported %v in an hour", reported)
		}
		if n := k.tries(); n < 10 || n > 40 {
			t.Errorf("the keyring was read %d times in an hour", n)
		}
		k.fail(nil)
		<-time.After(2 * lastPause)
		synctest.Wait()
		if p.signedInAs() == "" {
			t.Error("nobody is signed in after the keyring has come back")
		}
	})
}

// TestLockedKeyringAsksOnce holds that a password prompt which was refused does
// not come back without a reason.
func TestLockedKeyringAsksOnce(t *testing.T) {
	s, k := stored(t)
	k.fail(graph.ErrVaultRefused)
	synctest.Test(t, func(t *testing.T) {
		p, stop := start(t, s, k, registered(), nil)
		defer stop()
		<-time.After(time.Hour)
		synctest.Wait()
		if n := k.tries(); n != 1 {
			t.Errorf("the keyring was asked %d times in an hour", n)
		}
		if reported := p.reports(); len(reported) != 1 || !errors.Is(reported[0], graph.ErrVaultRefused) {
			t.Errorf("reported %v in an hour", reported)
		}
		// A click on Sign in reads the keyring before it shows a page.
		k.fail(nil)
		p.SignIn(t.Context())
		if p.signedInAs() == "" {
			t.Error("the session in the keyring was not used")
		}
	})
}

// TestClientIDFilledIn holds that heliograph can sign in once the client id is
// set, although it was started without one.
func TestClientIDFilledIn(t *testing.T) {
	s, k := stored(t)
	synctest.Test(t, func(t *testing.T) {
		p, stop := start(t, s, k, settings.Default(), nil)
		defer stop()
		synctest.Wait()
		if reported := p.reports(); len(reported) != 1 || !errors.Is(reported[0], graph.ErrNoClientID) {
			t.Fatalf("reported %v", reported)
		}
		p.Set(t.Context(), registered())
		synctest.Wait()
		if got := p.State(); got.Person.ID != emu.SelfID || got.Problem != nil {
			t.Errorf("after the client id was set: %+v", got)
		}
		p.Set(t.Context(), settings.Default())
		synctest.Wait()
		if got := p.State(); got.Person.ID != "" || !errors.Is(got.Problem, graph.ErrNoClientID) {
			t.Errorf("after it was removed: %+v", got)
		}
	})
}

// browser counts the pages that were opened and answers none.
type browser struct{ pages chan string }

func (b browser) open(page string) error {
	b.pages <- page
	return nil
}

// TestAbandonedPage shows an unanswered sign-in page again, then cancels it, and
// signs in on a third one.
func TestAbandonedPage(t *testing.T) {
	s, k := emu.New(emu.Options{}), &keyring{}
	b := browser{make(chan string, 4)}
	p, stop := start(t, s, k, registered(), b.open)
	defer stop()
	first := make(chan struct{})
	go func() { defer close(first); p.SignIn(t.Context()) }()
	page := <-b.pages
	if !p.State().SigningIn {
		t.Error("the page is not reported")
	}
	p.SignIn(t.Context())
	if again := <-b.pages; again != page {
		t.Errorf("another page was shown: %s", again)
	}
	reported := len(p.reports())
	p.CancelSignIn()
	<-first
	if got := p.State(); got.SigningIn || got.Person.ID != "" || len(p.reports()) != reported {
		t.Errorf("after the cancellation: %+v, reported %v", got, p.reports())
	}
	second := make(chan struct{})
	go func() { defer close(second); p.SignIn(t.Context()) }()
	if err := emu.Browser(s.Transport(), "self")(<-b.pages); err != nil {
		t.Fatal(err)
	}
	<-second
	if got := p.State(); got.Person.ID != emu.SelfID || got.SigningIn || got.Problem != nil {
		t.Errorf("after the answer: %+v", got)
	}
}

// TestSignOutEndsAWaitingPage holds that a newer operation does not wait for the
// person.
func TestSignOutEndsAWaitingPage(t *testing.T) {
	s, k := emu.New(emu.Options{}), &keyring{}
	b := browser{make(chan string, 4)}
	p, stop := start(t, s, k, registered(), b.open)
	defer stop()
	waiting := make(chan struct{})
	go func() { defer close(waiting); p.SignIn(t.Context()) }()
	<-b.pages
	if err := p.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-waiting
}

// newest is the operation that began last.
func (p *person) newest() *work {
	p.Account.mu.Lock()
	defer p.Account.mu.Unlock()
	return p.last
}

// TestSignInDuringASignOut: a click right after a sign-out does not keep half of
// it from being done.
func TestSignInDuringASignOut(t *testing.T) {
	s, k := stored(t)
	k.deleting, k.goOn = make(chan struct{}, 64), make(chan struct{})
	b := browser{make(chan string, 4)}
	p, stop := start(t, s, k, registered(), b.open)
	defer stop()
	if err := p.TakeOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	signedOut := make(chan error, 1)
	go func() { signedOut <- p.SignOut(t.Context()) }()
	<-k.deleting
	before := p.newest()
	go p.SignIn(t.Context())
	wait.Until(t, "the click is the newest operation", func() bool { return p.newest() != before })
	close(k.goOn)
	if err := <-signedOut; err != nil {
		t.Errorf("the sign-out failed: %v", err)
	}
	<-b.pages // so no session was left
	p.CancelSignIn()
}

// TestTakeOver uses a session that another process has stored meanwhile.
func TestTakeOver(t *testing.T) {
	s, k := emu.New(emu.Options{}), &keyring{}
	p, stop := start(t, s, k, registered(), nil)
	defer stop()
	if err := p.TakeOver(t.Context()); !errors.Is(err, presence.ErrSignIn) {
		t.Errorf("without a session: %v", err)
	}
	other, err := graph.Open(graph.Config{ClientID: emu.AppID, Transport: s.Transport()}, k)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.SignIn(t.Context(), graph.Prompt{OpenURL: inBackground(emu.Browser(s.Transport(), "self"))}); err != nil {
		t.Fatal(err)
	}
	if err := p.TakeOver(t.Context()); err != nil || p.signedInAs() == "" {
		t.Errorf("took over as %q, %v", p.signedInAs(), err)
	}
	if err := p.SignOut(t.Context()); err != nil || p.signedInAs() != "" {
		t.Errorf("signed out: still %q, %v", p.signedInAs(), err)
	}
	// Or the menu would look as if all was well.
	if got := p.State().Problem; !errors.Is(got, presence.ErrSignIn) {
		t.Errorf("after signing out the problem is %v", got)
	}
}

// TestKioskNeedsNoClick holds that an application whose secret is missing reads
// it anew without anybody's help.
func TestKioskNeedsNoClick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, k := emu.New(emu.Options{}), &keyring{}
		c := registered()
		c.Account.SignIn, c.Account.Tenant, c.Account.User = "application", emu.TenantID, emu.SelfID
		p, stop := start(t, s, k, c, nil)
		defer stop()
		p.loop.Observe(detect.Activity{LastInput: time.Now().Round(0), InUse: true})
		<-time.After(time.Minute)
		if !p.State().Application || len(p.reports()) != 0 {
			t.Errorf("without a secret: %+v, reported %v", p.State(), p.reports())
		}
		if err := graph.KeepCredential(t.Context(), k, emu.AppSecret); err != nil {
			t.Fatal(err)
		}
		<-time.After(20 * time.Minute)
		synctest.Wait()
		if got := s.User("self").Shown.Availability; got != "Available" {
			t.Errorf("colleagues see %q after the secret was set", got)
		}
	})
}

// TestTakeOverWhileTheKeyringIsBusy: a keyring that does not answer at the moment
// of a take-over signs nobody out for good.
func TestTakeOverWhileTheKeyringIsBusy(t *testing.T) {
	s, k := stored(t)
	synctest.Test(t, func(t *testing.T) {
		p, stop := start(t, s, k, registered(), nil)
		defer stop()
		synctest.Wait()
		k.fail(graph.ErrVaultTimeout)
		if err := p.TakeOver(t.Context()); !errors.Is(err, graph.ErrVaultTimeout) {
			t.Fatalf("the take-over: %v", err)
		}
		if got := p.State().Problem; !errors.Is(got, graph.ErrVaultTimeout) {
			t.Errorf("the problem is %v", got)
		}
		k.fail(nil)
		<-time.After(2 * lastPause)
		synctest.Wait()
		if p.signedInAs() == "" {
			t.Error("nobody is signed in after the keyring has come back")
		}
	})
}
