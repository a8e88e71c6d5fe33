package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"heliograph/graph/presence"
)

// scopes are the delegated permissions that heliograph asks for; by Microsoft's
// definition a user can grant both without an administrator.
//
// Source: https://learn.microsoft.com/graph/permissions-reference
var scopes = []string{"Presence.ReadWrite", "Presence.Read"}

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

// Label returns how a person recognises the account: by its user principal
// name, or by its object id where that is all that is known.
func (p Person) Label() string { return cmp.Or(p.Username, p.ID) }

// Account is one signed-in person or application, or the way to sign one in.
// Its methods may be called from any goroutine.
type Account struct {
	config Config
	cloud  microsoftCloud
	http   *http.Client
	msal   public.Client
	cache  *tokenCache
	app    *appSignIn // nil: a person signs in
	lookup userLookup // of the application's user

	mu     sync.Mutex
	who    public.Account
	person Person
	// claims are what Graph last demanded and a silent refresh did not meet;
	// the next sign-in page demands them.
	claims string
}

// Open prepares an account. It uses neither the network nor the vault.
func Open(c Config, v Vault) (*Account, error) {
	cloud, transport, err := c.resolve()
	if err != nil {
		return nil, err
	}
	a := &Account{config: c, cloud: cloud, http: newHTTP(transport), cache: newTokenCache(v)}
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

// Person returns who is signed in; the zero Person means that nobody is.
func (a *Account) Person() Person {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.person
}

// Kept returns why the session is not in the keyring and so ends with the
// program; nil if it is there.
func (a *Account) Kept() error { return a.cache.failure() }

// Restore signs in without asking the person, with the session that the vault
// keeps. Its error wraps presence.ErrSignIn if only a person can go on: nobody
// was signed in, the session is damaged, or Microsoft has refused it. Any other
// error is the vault's (ErrVaultLocked, ErrVaultTimeout …): whether somebody is
// signed in is not known yet, and Restore is worth calling again. A network
// failure is not an error: the person is known, and the loop tries again.
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
	stored := accounts[0]
	a.mu.Lock()
	a.who = stored
	a.person = Person{ID: stored.LocalAccountID, Username: stored.PreferredUsername, Tenant: stored.Realm}
	a.mu.Unlock()
	r, err := a.msal.AcquireTokenSilent(ctx, scopes, public.WithSilentAccount(stored))
	if err != nil {
		err = a.silentError(stored, err)
		if !errors.Is(err, presence.ErrSignIn) {
			return a.Person(), nil
		}
		return Person{}, err
	}
	return a.adopt(ctx, r), nil
}

// adopt makes the account of a result the only one, and forgets all others.
func (a *Account) adopt(ctx context.Context, r public.AuthResult) Person {
	p := Person{ID: r.IDToken.Oid, Name: r.IDToken.Name, Username: r.Account.PreferredUsername, Tenant: r.IDToken.TenantID}
	if p.ID == "" {
		p.ID = r.Account.LocalAccountID
	}
	a.mu.Lock()
	a.who, a.person, a.claims = r.Account, p, ""
	a.mu.Unlock()
	all, err := a.msal.Accounts(ctx)
	if err != nil {
		return p
	}
	for _, other := range all {
		if other.HomeAccountID == r.Account.HomeAccountID {
			continue
		}
		if err := a.msal.RemoveAccount(ctx, other); err != nil {
			a.config.Log.Warn("another account's session could not be forgotten", "error", err)
		}
	}
	return p
}

// SignOut forgets the person and removes every item of theirs from the vault.
// The credential of an application stays: an administrator has put it there.
func (a *Account) SignOut(ctx context.Context) error {
	a.forgetPerson()
	if a.app != nil {
		a.app.forget()
		return nil
	}
	return a.cache.clear(ctx)
}

// Forget drops what is in memory, so that Restore reads the vault again; the
// vault is left as it is.
func (a *Account) Forget() {
	a.forgetPerson()
	if a.app != nil {
		a.app.forget()
	}
	a.cache.forget()
}

func (a *Account) forgetPerson() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.who, a.person, a.claims = public.Account{}, Person{}, ""
}

// token returns a valid access token, refreshed if necessary. claims answers a
// challenge; empty: there was none.
func (a *Account) token(ctx context.Context, claims string) (string, error) {
	if a.app != nil {
		bearer, err := a.app.token(ctx, a.app.vault.Silent(), claims)
		if err == nil {
			a.lookUpUser(ctx, bearer)
		}
		return bearer, a.withLink(err)
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
	r, err := a.msal.AcquireTokenSilent(ctx, scopes, options...)
	if err != nil {
		return "", a.silentError(who, err)
	}
	return r.AccessToken, nil
}

// Client returns the presence service of the signed-in person, or of the user
// for whom the application signed in.
func (a *Account) Client() *Client {
	return &Client{http: a.http, base: a.cloud.Graph + "/" + a.config.API, user: a.Person().ID, app: a.config.ClientID, token: a.token, now: a.config.Now,
		noExpiration: a.config.withoutExpiration(), consent: a.consentLink(), unattended: a.app != nil}
}

// consentLink returns the page on which an administrator allows heliograph for
// the whole organisation.
//
// Source: https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
func (a *Account) consentLink() string {
	tenant := cmp.Or(a.Person().Tenant, a.config.Tenant)
	scope := a.cloud.Graph + "/Presence.ReadWrite " + a.cloud.Graph + "/Presence.Read"
	if a.app != nil {
		scope = a.cloud.Graph + "/.default" // all that the registration lists
	}
	return a.cloud.Authority + "/" + url.PathEscape(tenant) + "/v2.0/adminconsent?client_id=" + url.QueryEscape(a.config.ClientID) +
		"&scope=" + url.QueryEscape(scope)
}
