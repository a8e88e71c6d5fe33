// Package account owns who is signed in: it restores the stored session when
// heliograph starts, and again when the keyring becomes ready; it signs a person
// in and out, takes over a sign-in that the command line made, and opens the
// account anew when its settings change.
//
// It shows nothing: it reports what happened, and the app chooses the words.
package account

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"heliograph/detect/latest"
	"heliograph/graph"
	"heliograph/graph/presence"
	"heliograph/tray/settings"
)

// Options configure an Account; Log, Vault, Loop and OpenURL are required.
type Options struct {
	Log   *slog.Logger
	Vault graph.Vault
	Loop  *presence.Loop
	// Transport reaches Microsoft; nil: the network.
	Transport http.RoundTripper
	// OpenURL shows a sign-in page and returns at once.
	OpenURL func(url string) error
	// AnswerPage returns the sentence that the browser shows after the sign-in
	// page; see graph.Prompt. Nil: none.
	AnswerPage func(received bool) string
	// KeyringReady reports when the keyring has become usable; nil:
	// graph.WatchKeyring.
	KeyringReady func(ctx context.Context) <-chan struct{}
	// SignInAtStart signs in without a click where no session is stored. It is
	// for the demo, whose stand-in for a browser answers at once.
	SignInAtStart bool
	// Changed is called after each change of State. It must not block.
	Changed func()
	// Failed is called when only the person can go on: nobody is signed in, a
	// sign-in failed, or the keyring has not been ready for a while. asked
	// reports that the person has just asked for the sign-in. It must not block.
	Failed func(err error, asked bool)
}

// State is who is signed in and what is wrong.
type State struct {
	// Person is who is signed in, as far as known; the zero Person is nobody.
	Person graph.Person
	// Application reports that the application signs in, for Person.
	Application bool
	// SigningIn reports that a sign-in page waits for the person.
	SigningIn bool
	// Problem is why nobody is signed in, or why the session ends with the
	// program; nil: nothing is wrong.
	Problem error
}

// Account is who is signed in. Its methods may be called from any goroutine; one
// of them works at a time, and the newer one ends the older.
type Account struct {
	opts  Options
	retry chan struct{} // restore again now

	mu      sync.Mutex
	config  settings.Account
	graph   *graph.Account // nil: it cannot be set up, and problem says why
	problem error
	page    string // the sign-in page that waits for the person; empty: none
	unread  bool   // the keyring was not ready when it was read last
	last    *work  // the operation that works now or worked last
}

// work is one operation: it ends before the next one begins.
type work struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// New opens the account that the settings name. It reaches neither the network
// nor the keyring.
func New(o Options, c settings.Config) *Account {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.KeyringReady == nil {
		o.KeyringReady = graph.WatchKeyring
	}
	if o.Failed == nil {
		o.Failed = func(error, bool) {}
	}
	ready := make(chan struct{})
	close(ready)
	a := &Account{opts: o, retry: make(chan struct{}, 1), last: &work{cancel: func() {}, done: ready}}
	a.open(c)
	return a
}

// open replaces the account of package graph.
func (a *Account) open(c settings.Config) {
	config := Config(c, a.opts.Log)
	config.Transport = a.opts.Transport
	opened, err := graph.Open(config, a.opts.Vault)
	a.mu.Lock()
	a.config, a.graph, a.problem, a.unread = c.Account, opened, err, false
	a.mu.Unlock()
}

// State returns a copy of the present state.
func (a *Account) State() State {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := State{SigningIn: a.page != "", Problem: a.problem, Application: a.config.SignIn == "application"}
	if a.graph != nil {
		s.Person = a.graph.Person()
	}
	return s
}

// Set applies changed settings: it clears at Graph what the former account had
// set there and opens the new account. It does nothing if the account's section
// is the same.
func (a *Account) Set(ctx context.Context, c settings.Config) {
	a.mu.Lock()
	same := a.config == c.Account
	a.mu.Unlock()
	if same {
		return
	}
	work, end := a.begin(ctx)
	a.opts.Log.Info("the account's settings have changed")
	// Also a newer operation may end the wait. It then works with the new
	// account, since nobody applies these settings a second time.
	if err := a.opts.Loop.Release(work); err != nil && ctx.Err() != nil {
		end()
		return
	}
	a.open(c)
	end() // before the note: Run leaves the session to an operation that works
	a.opts.Changed()
	latest.Notify(a.retry)
}

// begin starts an operation: it cancels the one before and waits until that has
// ended. The caller must call end.
func (a *Account) begin(ctx context.Context) (_ context.Context, end func()) {
	ctx, mine := newWork(ctx)
	a.mu.Lock()
	before := a.last
	a.last = mine
	before.cancel()
	a.mu.Unlock()
	// Also when ctx has ended: two must never work at a time.
	<-before.done
	return ctx, mine.end
}

// beginIdle is begin for an operation that ends no other: it reports false if
// one works now.
func (a *Account) beginIdle(ctx context.Context) (_ context.Context, end func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-a.last.done:
	default:
		return ctx, nil, false
	}
	ctx, a.last = newWork(ctx)
	return ctx, a.last.end, true
}

func newWork(ctx context.Context) (context.Context, *work) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, &work{cancel: cancel, done: make(chan struct{})}
}

func (w *work) end() {
	w.cancel()
	close(w.done)
}

// awaitIdle waits until no operation works. It returns false when ctx has ended.
func (a *Account) awaitIdle(ctx context.Context) bool {
	a.mu.Lock()
	last := a.last
	a.mu.Unlock()
	select {
	case <-last.done:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// current returns the opened account, or why there is none.
func (a *Account) current() (*graph.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.graph == nil {
		return nil, a.problem
	}
	return a.graph, nil
}

func (a *Account) setProblem(err error) {
	a.mu.Lock()
	a.problem = err
	a.mu.Unlock()
	a.opts.Changed()
}

// read restores the session that the keyring has kept.
func (a *Account) read(ctx context.Context, g *graph.Account) (graph.Person, error) {
	p, err := g.Restore(ctx)
	if ctx.Err() == nil {
		a.setUnread(err != nil && !errors.Is(err, presence.ErrSignIn))
	}
	return p, err
}

func (a *Account) setUnread(unread bool) {
	a.mu.Lock()
	a.unread = unread
	a.mu.Unlock()
}

// signedIn makes the loop post for the person who has signed in.
func (a *Account) signedIn(g *graph.Account, p graph.Person) {
	if a.State().Application {
		// Whether Microsoft accepts its credential shows with the first request.
		a.opts.Log.Info("the application acts for a user", "tenant", p.Tenant)
	} else {
		a.opts.Log.Info("signed in", "tenant", p.Tenant)
	}
	err := g.Kept()
	if err != nil {
		a.opts.Log.Warn("the sign-in is not kept over a restart", "error", err)
	}
	a.setUnread(false)
	a.setProblem(err)
	a.opts.Loop.SetService(g.Client())
}

// removeTimeout bounds the removal of the tokens from the keyring, some ten calls
// of milliseconds each; package graph gives a call that hangs three seconds.
const removeTimeout = 5 * time.Second

// SignOut clears at Graph what heliograph has set there, then removes every
// token from the keyring.
func (a *Account) SignOut(ctx context.Context) error {
	ctx, end := a.begin(ctx)
	defer end()
	g, err := a.current()
	if err != nil {
		return err
	}
	if err := a.opts.Loop.Release(ctx); err != nil {
		return err
	}
	// A newer operation waits for the rest: half a sign-out would leave tokens.
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	err = g.SignOut(rest)
	a.setUnread(false)
	if err == nil {
		a.setProblem(presence.ErrSignIn)
	} else {
		a.setProblem(err)
	}
	a.opts.Log.Info("signed out")
	return err
}

// TakeOver uses the session that another process has put into the keyring.
func (a *Account) TakeOver(ctx context.Context) error {
	ctx, end := a.begin(ctx)
	defer end()
	g, err := a.current()
	if err != nil {
		return err
	}
	// It may be somebody else's: afterwards nothing can be cleared any more that
	// was set for the former person.
	if err := a.opts.Loop.Release(ctx); err != nil {
		return err
	}
	g.Forget()
	p, err := a.read(ctx, g)
	if err != nil {
		a.setProblem(err)
		latest.Notify(a.retry) // the keyring may only be busy
		return err
	}
	a.signedIn(g, p)
	return nil
}

// Config reads the account's section of the settings.
func Config(c settings.Config, log *slog.Logger) graph.Config {
	a := c.Account
	g := graph.Config{ClientID: a.ClientID, Tenant: a.Tenant, Cloud: string(a.Cloud), API: string(a.API), Emulator: a.Emulator, Log: log}
	if a.SignIn == "application" {
		g.Application = &graph.Application{User: a.User, SecretFile: a.SecretFile, CertificateFile: a.CertificateFile}
	}
	return g
}
