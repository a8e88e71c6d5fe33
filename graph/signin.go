package graph

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// Prompt says how to ask a person to sign in.
type Prompt struct {
	// OpenURL shows a page to the person, and returns at once. Nil: there is no
	// browser, and only Device can sign in.
	OpenURL func(url string) error
	// Device shows a code to enter on another device. It is used instead of
	// OpenURL where it is set.
	Device func(DeviceCode)
	// Page returns the sentence that the browser shows after the sign-in page;
	// received reports that a sign-in was received, and not a refusal. Nil: the
	// page has no text.
	Page func(received bool) string
	// Leave is called when somebody else than before has signed in, while requests
	// for the former person are still possible: what was set for them can be
	// cleared. Nil: nothing was set.
	Leave func(ctx context.Context)
	// Timeout is how long the browser's page may stay open unanswered; zero:
	// five minutes. Entra sets the time limit of a device code.
	Timeout time.Duration
}

// DeviceCode is what a person enters on another device.
type DeviceCode struct {
	URL, Code string
	Expires   time.Time
}

// signInTimeout is how long a browser's page may stay open unanswered: long
// enough to find a phone for the second factor.
const signInTimeout = 5 * time.Minute

// ErrNobodyAnswered reports a sign-in page that was not finished.
var ErrNobodyAnswered = errors.New("the sign-in page was not finished in time")

// ErrNoBrowser reports a sign-in whose page could not be shown: only a device
// code can be used.
var ErrNoBrowser = errors.New("there is no browser to show the sign-in page: use a device code")

// ErrCancelled reports a sign-in that the program has given up.
var ErrCancelled = errors.New("sign-in cancelled")

// SignIn asks a person to sign in, and keeps the session in the vault. An
// application signs in without a prompt.
func (a *Account) SignIn(ctx context.Context, p Prompt) (Person, error) {
	switch {
	case a.app != nil:
		return a.signInApplication(ctx, true)
	case p.Device == nil && p.OpenURL == nil:
		return Person{}, &SignInError{err: ErrNoBrowser}
	}
	a.cache.prompts.Add(1)
	defer a.cache.prompts.Add(-1)
	if p.Device != nil {
		return a.signInByCode(ctx, p)
	}
	return a.signInByBrowser(ctx, p)
}

// signInByBrowser signs in on a page in the person's browser.
func (a *Account) signInByBrowser(ctx context.Context, p Prompt) (Person, error) {
	wait := p.Timeout
	if wait <= 0 {
		wait = signInTimeout
	}
	open, cancel := context.WithTimeout(ctx, wait) // the page, not what follows its answer
	defer cancel()
	r, err := a.browse(open, p)
	switch {
	case errors.Is(err, ErrNoBrowser):
		return Person{}, &SignInError{err: err}
	case err != nil:
		return Person{}, a.interactiveError(open, err)
	}
	return a.replace(ctx, r, p.Leave), nil
}

// replace makes the account of a result the only one, after the former one was
// left.
func (a *Account) replace(ctx context.Context, r public.AuthResult, leave func(context.Context)) Person {
	a.mu.Lock()
	former := a.who
	a.mu.Unlock()
	if leave != nil && !former.IsZero() && former.HomeAccountID != r.Account.HomeAccountID {
		leave(ctx)
	}
	return a.adopt(ctx, r)
}

// browse opens the sign-in page, waits for its answer and exchanges that for
// tokens.
func (a *Account) browse(ctx context.Context, p Prompt) (public.AuthResult, error) {
	state, verifier := rand.Text(), rand.Text()+rand.Text()
	answers, err := listenForAnswer(state, p.Page)
	if err != nil {
		return public.AuthResult{}, err
	}
	defer answers.close()
	a.mu.Lock()
	hint, claims := a.person.Username, a.claims
	a.mu.Unlock()
	page, err := a.signInPage(ctx, answers.address, state, verifier, hint, claims)
	if err != nil {
		return public.AuthResult{}, err
	}
	if err := p.OpenURL(page); err != nil {
		return public.AuthResult{}, fmt.Errorf("%w (%w)", ErrNoBrowser, err)
	}
	answer, err := answers.wait(ctx)
	switch {
	case err != nil:
		return public.AuthResult{}, err
	case answer.refused != nil:
		return public.AuthResult{}, answer.refused
	}
	options := []public.AcquireByAuthCodeOption{public.WithChallenge(verifier)}
	if claims != "" {
		options = append(options, public.WithClaims(claims))
	}
	return a.msal.AcquireTokenByAuthCode(ctx, answer.code, answers.address, scopes, options...)
}

// signInScopes are what MSAL adds to the scopes of a sign-in: who it is, and a
// refresh token.
var signInScopes = []string{"openid", "profile", "offline_access"}

// signInPage returns the address of the sign-in page. MSAL knows the page and the
// claims; PKCE, and an answer that does not show the code in an address, are what
// its own browser sign-in adds.
//
// Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
func (a *Account) signInPage(ctx context.Context, answersAt, state, verifier, hint, claims string) (string, error) {
	var options []public.AuthCodeURLOption
	if hint != "" {
		options = append(options, public.WithLoginHint(hint))
	}
	if claims != "" {
		options = append(options, public.WithClaims(claims))
	}
	page, err := a.msal.AuthCodeURL(ctx, a.config.ClientID, answersAt, slices.Concat(signInScopes, scopes), options...)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(page)
	if err != nil {
		return "", fmt.Errorf("the address of the sign-in page cannot be read: %w", err)
	}
	challenge := sha256.Sum256([]byte(verifier))
	q := u.Query()
	q.Set("state", state)
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	q.Set("response_mode", "form_post")
	q.Set("prompt", "select_account")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// signInByCode signs in with a code that the person enters elsewhere.
func (a *Account) signInByCode(ctx context.Context, p Prompt) (Person, error) {
	d, err := a.msal.AcquireTokenByDeviceCode(ctx, scopes)
	if err != nil {
		return Person{}, a.withLink(signInError(err))
	}
	p.Device(DeviceCode{URL: d.Result.VerificationURL, Code: d.Result.UserCode, Expires: d.Result.ExpiresOn})
	r, err := d.AuthenticationResult(ctx)
	if err != nil {
		return Person{}, a.interactiveError(ctx, err)
	}
	return a.replace(ctx, r, p.Leave), nil
}

// signInApplication makes the configured user the person. A network failure is
// not an error here; see Restore. A refusal, or a keyring that cannot be read,
// is one only for somebody who asked to sign in; otherwise the loop goes on
// trying, and the credential is read again each time.
func (a *Account) signInApplication(ctx context.Context, asked bool) (Person, error) {
	a.mu.Lock()
	a.person = a.user()
	a.mu.Unlock()
	bearer, err := a.app.token(ctx, a.app.vault, "")
	if err == nil {
		a.lookUpUser(ctx, bearer)
	}
	err = a.withLink(err)
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

// interactiveError sorts the errors of a sign-in by a person.
func (a *Account) interactiveError(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &SignInError{err: ErrNobodyAnswered}
	case ctx.Err() != nil:
		return &SignInError{err: ErrCancelled}
	}
	return a.withLink(signInError(err))
}

// silentError sorts the errors of a token that was requested without a person.
// Without a refresh token there is nothing to ask Entra with, whatever MSAL
// says.
func (a *Account) silentError(who public.Account, err error) error {
	if !a.cache.hasRefreshToken(who.HomeAccountID) {
		return &SignInError{err: ErrNoItem}
	}
	return a.withLink(tokenError(err))
}

// withLink adds the administrator's consent page to a refusal, which it may
// end.
func (a *Account) withLink(err error) error {
	var s *SignInError
	if errors.As(err, &s) {
		s.Link = a.consentLink()
	}
	return err
}
