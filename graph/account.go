package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"heliograph/graph/presence"
)

// Scopes are the delegated permissions that heliograph asks for; neither needs
// an administrator by definition.
//
// Source: https://learn.microsoft.com/graph/permissions-reference
var Scopes = []string{"Presence.ReadWrite", "Presence.Read"}

// cp1 declares that claims challenges are understood.
//
// Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
var cp1 = []string{"CP1"}

// Person is who is signed in, or the user for whom an application acts.
type Person struct {
	ID string // object id
	// Name and Username (the user principal name) are empty where they are not
	// known, as they often are to an application.
	Name, Username string
	Tenant         string
	// Application reports that the application itself has signed in.
	Application bool
}

// Label is how a person recognises the account: by its user principal name, or
// by its object id where that is all that is known.
func (p Person) Label() string { return cmp.Or(p.Username, p.ID) }

// Account is one signed-in person, or the way to sign one in.
type Account struct {
	config Config
	cloud  Cloud
	http   *http.Client
	msal   public.Client
	cache  *tokenCache
	app    *appSignIn // nil: a person signs in
	lookup userLookup // of the application's user

	mu     sync.Mutex
	who    public.Account
	person Person
	// claims are what Graph last asked for and silence did not meet; the next
	// sign-in page must.
	claims string
}

// Open readies an account; it does not reach the network or the vault.
func Open(c Config, v Vault) (*Account, error) {
	cloud, transport, err := c.resolve()
	if err != nil {
		return nil, err
	}
	a := &Account{config: c, cloud: cloud, http: newHTTP(transport),
		cache: newTokenCache(v)}
	if c.Application != nil {
		a.app = newAppSignIn(c, cloud, a.http, v)
		return a, nil
	}
	options := []public.Option{
		public.WithAuthority(cloud.Authority + "/" + c.Tenant),
		public.WithCache(a.cache), public.WithHTTPClient(a.http), public.WithClientCapabilities(cp1),
	}
	if cloud == emulated {
		options = append(options, public.WithInstanceDiscovery(false))
	}
	if a.msal, err = public.New(c.ClientID, options...); err != nil {
		return nil, fmt.Errorf("sign-in cannot be set up: %w", err)
	}
	return a, nil
}

// Person is who is signed in; the zero Person is nobody.
func (a *Account) Person() Person {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.person
}

// Kept reports why the session could not be put into the keyring, so that it
// ends with the program; nil: it is there.
func (a *Account) Kept() error { return a.cache.failure() }

// Restore signs in without a question, from what the vault keeps. Its error
// wraps presence.ErrSignIn if only a person can go on: nobody was signed in,
// the session is damaged, or Microsoft has refused it. Any other error is the
// vault's (ErrVaultLocked, ErrVaultTimeout …): whether somebody is signed in is
// not known yet, and Restore is worth calling again.
func (a *Account) Restore(ctx context.Context) (Person, error) {
	if a.app != nil {
		return a.signInApplication(ctx, false)
	}
	err := a.cache.load(ctx)
	if errors.Is(err, ErrVaultDamaged) {
		err = &SignInError{err: err}
	}
	if err != nil {
		return Person{}, err
	}
	accounts, err := a.msal.Accounts(ctx)
	if err != nil {
		// MSAL's text may quote the session.
		return Person{}, &SignInError{err: fmt.Errorf("the stored session cannot be read: %w", ErrVaultDamaged)}
	}
	if len(accounts) == 0 {
		return Person{}, &SignInError{err: ErrNoItem}
	}
	a.mu.Lock()
	a.who = accounts[0]
	a.person = Person{ID: accounts[0].LocalAccountID, Username: accounts[0].PreferredUsername, Tenant: accounts[0].Realm}
	a.mu.Unlock()
	r, err := a.msal.AcquireTokenSilent(ctx, Scopes, public.WithSilentAccount(accounts[0]))
	if err != nil {
		err = a.silentError(accounts[0], err)
		if !errors.Is(err, presence.ErrSignIn) {
			// No network at login is ordinary: the person is known, and the
			// loop tries again.
			return a.Person(), nil
		}
		return Person{}, err
	}
	return a.adopt(ctx, r), nil
}

// Prompt is how a person is asked to sign in.
type Prompt struct {
	// OpenURL shows a page to the person, and returns at once. Nil: there is no
	// browser, and only Device can sign in.
	OpenURL func(url string) error
	// Device shows a code to enter on another device. It is used instead of
	// OpenURL where it is set.
	Device func(DeviceCode)
	// Timeout is how long the browser's page may stay open unanswered; zero:
	// five minutes. A device code has its own, which Entra sets.
	Timeout time.Duration
}

// DeviceCode is what a person enters on another device.
type DeviceCode struct {
	URL, Code string
	Expires   time.Time
}

// signInTimeout is how long a browser's page may stay open unanswered.
const signInTimeout = 5 * time.Minute

// SignIn asks a person to sign in, and keeps the session in the vault. An
// application signs in by itself, without a prompt.
func (a *Account) SignIn(ctx context.Context, p Prompt) (Person, error) {
	if a.app != nil {
		return a.signInApplication(ctx, true)
	}
	if p.Device != nil {
		return a.byDeviceCode(ctx, p.Device)
	}
	if p.OpenURL == nil {
		return Person{}, ErrNoBrowser
	}
	wait := p.Timeout
	if wait <= 0 {
		wait = signInTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	// Without an OpenURL of ours MSAL would open the browser itself, and wait
	// for it to end.
	options := []public.AcquireInteractiveOption{public.WithRedirectURI("http://localhost"), public.WithOpenURL(p.OpenURL)}
	a.mu.Lock()
	hint, claims := a.person.Username, a.claims
	a.mu.Unlock()
	if hint != "" {
		options = append(options, public.WithLoginHint(hint))
	}
	if claims != "" {
		options = append(options, public.WithClaims(claims))
	}
	r, err := a.msal.AcquireTokenInteractive(ctx, Scopes, options...)
	if err != nil {
		return Person{}, a.interactiveError(ctx, err)
	}
	return a.adopt(ctx, r), nil
}

// signInApplication makes the configured user the person. A network failure is
// not an error here; see Restore. A refusal, or a keyring that cannot be read,
// is one only for somebody who asked to sign in; otherwise the loop goes on
// trying, with the credential read anew each time.
func (a *Account) signInApplication(ctx context.Context, asked bool) (Person, error) {
	a.mu.Lock()
	a.person = a.user()
	a.mu.Unlock()
	bearer, err := a.app.token(ctx, a.app.vault, "")
	if err == nil {
		a.lookUpUser(ctx, bearer)
	}
	err = a.linked(err)
	var refused *SignInError
	switch {
	case ctx.Err() != nil:
		return Person{}, err
	case asked && errors.As(err, &refused):
		refused.keeps = false
		return Person{}, err
	case asked && passing(err):
		return Person{}, err
	}
	return a.Person(), nil
}

// ErrNobodyAnswered is a sign-in page that was never finished.
var ErrNobodyAnswered = errors.New("the sign-in page was not finished in time")

// ErrNoBrowser is a sign-in without a way to show its page: only a device code
// can be used.
var ErrNoBrowser = errors.New("there is no browser to show the sign-in page: use a device code")

// ErrCancelled is a sign-in that the program gave up.
var ErrCancelled = errors.New("sign-in cancelled")

func (a *Account) interactiveError(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &SignInError{err: ErrNobodyAnswered}
	case ctx.Err() != nil:
		return &SignInError{err: ErrCancelled}
	}
	return a.signInError(err)
}

// signInError sorts MSAL's errors, and links an administrator's consent.
func (a *Account) signInError(err error) error { return a.linked(signInError(err)) }

// silentError sorts the errors of a token that no person was asked for. Without
// a refresh token there is nothing to ask Entra with, whatever MSAL says.
func (a *Account) silentError(who public.Account, err error) error {
	if !a.cache.hasRefreshToken(who.HomeAccountID) {
		return &SignInError{err: ErrNoItem}
	}
	return a.linked(tokenError(err))
}

// linked puts the consent link into an error that it may mend.
func (a *Account) linked(err error) error {
	var s *SignInError
	if errors.As(err, &s) {
		s.Link = a.ConsentLink()
	}
	return err
}

func (a *Account) byDeviceCode(ctx context.Context, show func(DeviceCode)) (Person, error) {
	d, err := a.msal.AcquireTokenByDeviceCode(ctx, Scopes)
	if err != nil {
		return Person{}, a.signInError(err)
	}
	show(DeviceCode{URL: d.Result.VerificationURL, Code: d.Result.UserCode, Expires: d.Result.ExpiresOn})
	r, err := d.AuthenticationResult(ctx)
	if err != nil {
		return Person{}, a.interactiveError(ctx, err)
	}
	return a.adopt(ctx, r), nil
}

// adopt makes the result's account the one, and forgets all others.
func (a *Account) adopt(ctx context.Context, r public.AuthResult) Person {
	p := Person{ID: r.IDToken.Oid, Name: r.IDToken.Name, Username: r.Account.PreferredUsername, Tenant: r.IDToken.TenantID}
	if p.ID == "" {
		p.ID = r.Account.LocalAccountID
	}
	a.mu.Lock()
	a.who, a.person, a.claims = r.Account, p, ""
	a.mu.Unlock()
	if all, err := a.msal.Accounts(ctx); err == nil {
		for _, other := range all {
			if other.HomeAccountID != r.Account.HomeAccountID {
				if err := a.msal.RemoveAccount(ctx, other); err != nil {
					a.config.Log.Warn("another account's session could not be forgotten", "error", err)
				}
			}
		}
	}
	return p
}

// SignOut forgets the person and removes every item from the vault.
func (a *Account) SignOut(ctx context.Context) error {
	a.mu.Lock()
	a.who, a.person, a.claims = public.Account{}, Person{}, ""
	a.mu.Unlock()
	if a.app != nil {
		a.app.forget() // its credential is the administrator's to remove
		return nil
	}
	return a.cache.clear(ctx)
}

// token is a valid access token, refreshed if need be. claims answers a
// challenge; empty: none.
func (a *Account) token(ctx context.Context, claims string) (string, error) {
	if a.app != nil {
		bearer, err := a.app.token(ctx, a.app.vault.Silent(), claims)
		if err == nil {
			a.lookUpUser(ctx, bearer)
		}
		return bearer, a.linked(err)
	}
	a.mu.Lock()
	who := a.who
	a.mu.Unlock()
	if who.IsZero() {
		return "", &SignInError{err: ErrNoItem}
	}
	options := []public.AcquireSilentOption{public.WithSilentAccount(who)}
	if claims != "" {
		options = append(options, public.WithClaims(claims))
	}
	if claims != "" && claims != anyClaims {
		a.mu.Lock()
		a.claims = claims // until a sign-in has met them
		a.mu.Unlock()
	}
	r, err := a.msal.AcquireTokenSilent(ctx, Scopes, options...)
	if err != nil {
		return "", a.silentError(who, err)
	}
	return r.AccessToken, nil
}

// Client is the presence service of the signed-in person, or of the user for
// whom the application signed in.
func (a *Account) Client() *Client {
	return &Client{http: a.http, base: a.cloud.Graph + "/" + a.config.API, user: a.Person().ID, app: a.config.ClientID, token: a.token,
		noExpiration: a.config.withoutExpiration(), consent: a.ConsentLink(), unattended: a.app != nil}
}

// Forget drops what is in memory, so that Restore reads the vault anew; the
// vault is left as it is.
func (a *Account) Forget() {
	a.mu.Lock()
	a.who, a.person, a.claims = public.Account{}, Person{}, ""
	a.mu.Unlock()
	if a.app != nil {
		a.app.forget()
	}
	a.cache.forget()
}
