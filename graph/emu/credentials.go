package emu

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// assertionType is how a client names a signed assertion.
//
// Source: RFC 7523, section 2.2
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// redeemCredentials issues a grant to the application itself, for its secret or
// its certificate.
// The lock is held.
//
// Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
func (s *Server) redeemCredentials(f url.Values, tenant string, g *grant, scopes []string) (*grant, []string, *oauthError) {
	code := 0
	switch {
	case !strings.EqualFold(tenant, TenantID) && !strings.EqualFold(tenant, TenantDomain):
		code = 50194
	case !asksDefault(scopes):
		code = 1002012
	case f.Get("client_assertion_type") == assertionType:
		if s.checkAssertion(f.Get("client_assertion"), g.app) != nil {
			code = 700027
		}
	case subtle.ConstantTimeCompare([]byte(f.Get("client_secret")), []byte(AppSecret)) != 1:
		code = 7000215
	}
	if code != 0 {
		e := aadstsError(code)
		return nil, nil, &e
	}
	g.scopes = slices.Clone(s.opts.Roles)
	return g, scopes, nil
}

// asksDefault reports whether the scope is one resource's .default; the OpenID
// scopes that MSAL adds are ignored.
func asksDefault(scopes []string) bool {
	n := 0
	for _, sc := range scopes {
		switch {
		case strings.HasSuffix(sc, "/.default"):
			n++
		case !slices.Contains([]string{"openid", "profile", "email", "offline_access"}, sc):
			return false
		}
	}
	return n == 1
}

// checkAssertion verifies a client assertion with the registered certificate
// that it names.
//
// Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials
func (s *Server) checkAssertion(assertion, app string) error {
	named := func(t *jwt.Token) (any, error) {
		for _, c := range s.opts.Certificates {
			one, two := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
			if names(t.Header["x5t"], one[:]) || names(t.Header["x5t#S256"], two[:]) {
				return c.PublicKey, nil
			}
		}
		return nil, errors.New("the certificate is not registered")
	}
	audience := func(c jwt.MapClaims) bool {
		aud, err := c.GetAudience()
		return err == nil && slices.Contains(aud, authority+"/"+TenantID+"/oauth2/v2.0/token")
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(assertion, claims, named, jwt.WithValidMethods([]string{"RS256", "PS256"}),
		jwt.WithExpirationRequired(), jwt.WithLeeway(time.Minute), jwt.WithTimeFunc(s.now))
	issuer, _ := claims.GetIssuer()
	subject, _ := claims.GetSubject()
	switch {
	case err != nil:
		return err
	case !strings.EqualFold(issuer, app), !strings.EqualFold(subject, app), !audience(claims):
		return errors.New("the assertion is not for this application and tenant")
	}
	return nil
}

// names reports whether a header is this thumbprint. Clients write it in either
// alphabet of base64.
func names(header any, sum []byte) bool {
	text, _ := header.(string)
	text = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(text)
	return text == base64.RawURLEncoding.EncodeToString(sum)
}
