package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"heliograph/graph/presence"
)

// Application is the sign-in of a kiosk or a shared desk: the application acts
// without a person, with permission Presence.ReadWrite.All, for one user. With
// API "beta" it uses setPresence as the 2021 beta document describes it: four
// pairs, and no expirationDuration.
//
// Source: https://learn.microsoft.com/graph/auth-v2-service
type Application struct {
	// User is the object id of the user whose presence is set.
	User string
	// SecretFile holds a client secret, CertificateFile a certificate with its
	// private key as PEM; only their owner may read either. With neither, the
	// vault keeps what KeepCredential put there.
	SecretFile, CertificateFile string
}

var objectID = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

// check reports what application sign-in needs and the settings lack.
func (a *Application) check(tenant string) error {
	switch {
	case !objectID.MatchString(a.User):
		return fmt.Errorf("user %q is not an object id: copy the one on the user's page in Entra", a.User)
	case a.SecretFile != "" && a.CertificateFile != "":
		return errors.New("both a secret and a certificate are named: keep one")
	case tenant == "organizations", tenant == "common", tenant == "consumers":
		return fmt.Errorf("tenant %q is not one tenant: an application signs in to its own, named by id or domain", tenant)
	}
	return nil
}

// ErrNoCredential reports an application sign-in without a secret.
var ErrNoCredential = errors.New("no client secret or certificate is kept for the application")

// credentialItem is the vault's item of the application's secret.
const credentialItem = "application"

// KeepCredential puts a client secret, or a certificate with its key as PEM,
// into the vault.
func KeepCredential(ctx context.Context, v Vault, text string) error {
	if _, err := credentialFrom(text); err != nil {
		return err
	}
	return parted{v, credentialItem}.set(ctx, []byte(strings.TrimSpace(text)))
}

// ForgetCredential removes the application's secret or certificate from the
// vault.
func ForgetCredential(ctx context.Context, v Vault) error {
	return parted{v, credentialItem}.delete(ctx)
}

// credentialFrom decodes PEM as a certificate, and every other text as a
// secret.
func credentialFrom(text string) (confidential.Credential, error) {
	if !strings.Contains(text, "-----BEGIN ") {
		secret, err := secretFrom(text)
		if err != nil {
			return confidential.Credential{}, err
		}
		return confidential.NewCredFromSecret(secret)
	}
	certs, key, err := certificateFrom([]byte(text))
	if err != nil {
		return confidential.Credential{}, err
	}
	return confidential.NewCredFromCert(certs, key)
}

// appSignIn gets tokens for the application itself. The credential is read
// when it is first needed, and again after Entra has refused it.
type appSignIn struct {
	Application
	vault   Vault
	scope   string
	connect func(confidential.Credential) (confidential.Client, error)

	mu     sync.Mutex
	client *confidential.Client
}

func newAppSignIn(c Config, cloud microsoftCloud, http *http.Client, v Vault) *appSignIn {
	options := []confidential.Option{confidential.WithHTTPClient(http), confidential.WithClientCapabilities(cp1)}
	if cloud == emulated {
		options = append(options, confidential.WithInstanceDiscovery(false))
	}
	return &appSignIn{Application: *c.Application, vault: v, scope: cloud.Graph + "/.default",
		connect: func(cred confidential.Credential) (confidential.Client, error) {
			return confidential.New(cloud.Authority+"/"+c.Tenant, c.ClientID, cred, options...)
		}}
}

// token returns a valid access token; claims answers a challenge. v is where
// the credential is read if no file is named. No error ends the sign-in: there
// is no person to ask, and the secret, the permissions or the keyring may be
// right at the next try.
func (s *appSignIn) token(ctx context.Context, v Vault, claims string) (string, error) {
	bearer, err := s.acquire(ctx, v, claims)
	var refused *SignInError
	if errors.As(err, &refused) {
		refused.keeps = true
		s.forget() // the file or the item may have a newer credential by then
	}
	return bearer, err
}

func (s *appSignIn) acquire(ctx context.Context, v Vault, claims string) (string, error) {
	client, err := s.ready(ctx, v)
	if err != nil {
		return "", err
	}
	var options []confidential.AcquireByCredentialOption
	if claims != "" {
		options = append(options, confidential.WithClaims(claims))
	}
	r, err := client.AcquireTokenByCredential(ctx, []string{s.scope}, options...)
	if err != nil {
		return "", tokenError(err)
	}
	return r.AccessToken, nil
}

// ready returns MSAL's client, which is made from the credential.
func (s *appSignIn) ready(ctx context.Context, v Vault) (*confidential.Client, error) {
	s.mu.Lock()
	client := s.client
	s.mu.Unlock()
	if client != nil {
		return client, nil
	}
	cred, err := s.credential(ctx, v)
	switch {
	case errors.Is(err, ErrNoItem):
		return nil, &SignInError{err: ErrNoCredential}
	case passing(err):
		return nil, err
	case err != nil:
		return nil, &SignInError{err: &credentialError{err}}
	}
	made, err := s.connect(cred)
	if err != nil {
		return nil, &SignInError{err: fmt.Errorf("application sign-in cannot be set up: %w", err)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client = &made
	return s.client, nil
}

func (s *appSignIn) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client = nil
}

// credential reads the file that is named, or the vault.
func (s *appSignIn) credential(ctx context.Context, v Vault) (confidential.Credential, error) {
	switch {
	case s.SecretFile != "":
		secret, err := loadSecret(s.SecretFile)
		if err != nil {
			return confidential.Credential{}, err
		}
		return confidential.NewCredFromSecret(secret)
	case s.CertificateFile != "":
		certs, key, err := loadCertificate(s.CertificateFile)
		if err != nil {
			return confidential.Credential{}, err
		}
		return confidential.NewCredFromCert(certs, key)
	}
	text, err := parted{v, credentialItem}.get(ctx)
	if err != nil {
		return confidential.Credential{}, err
	}
	return credentialFrom(string(text))
}

// credentialError reports a secret or certificate that cannot be used.
type credentialError struct{ err error }

func (e *credentialError) Error() string { return e.err.Error() }

// Unwrap returns the reason.
func (e *credentialError) Unwrap() error { return e.err }

// Timing returns how often presence must be set again where no expiration can
// be sent, or nil where one can; presence.Options.Timing takes either. Without
// expirationDuration a session lasts five minutes.
//
// Source: https://learn.microsoft.com/graph/api/presence-setpresence
func (c Config) Timing() func(presence.Pair) presence.Timing {
	if !c.withoutExpiration() {
		return nil
	}
	return func(presence.Pair) presence.Timing {
		return presence.Timing{Expire: 5 * time.Minute, Renew: 4 * time.Minute}
	}
}

func (c Config) withoutExpiration() bool { return c.Application != nil && c.API == "beta" }
