package emu

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// grant is what a token allows.
type grant struct {
	app      string
	user     *user // nil: the application itself
	personal bool
	scopes   []string // or roles, for an application
	expires  time.Time
	// challenge makes Graph ask for new claims: the session was revoked and
	// the client declared capability CP1.
	challenge bool
	cp1       bool
	revoked   bool
	nonce     string // of the id token
	audience  string // a resource that is not Graph; empty: Graph
}

func (g *grant) appName() string { return "heliograph" }

// hasAny reports whether the token carries one of the permissions.
func (g *grant) hasAny(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		return slices.ContainsFunc(g.scopes, func(s string) bool { return strings.EqualFold(n, s) })
	})
}

// lacking returns the answer to a delegated token without the permission. Two
// forms were reported, the second for a token without any presence permission.
func (g *grant) lacking() *failure {
	if slices.ContainsFunc(g.scopes, func(s string) bool { return strings.HasPrefix(s, "Presence.") }) {
		return forbidden()
	}
	return &failure{status: 403, code: "Authorization_RequestDenied", message: "Insufficient privileges to complete the operation."}
}

// wwwAuthenticate begins every challenge of Graph.
const wwwAuthenticate = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`

// authorize returns the grant of a request's token. The lock is held.
func (s *Server) authorize(r *http.Request) (*grant, *failure) {
	refuse := func(message string) (*grant, *failure) {
		return nil, &failure{status: 401, code: "InvalidAuthenticationToken", message: message, challenge: wwwAuthenticate}
	}
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if value = strings.TrimSpace(value); value == "" || !strings.EqualFold(scheme, "Bearer") {
		return refuse("Access token is empty.")
	}
	g, ok := s.grants[value]
	switch {
	case !ok:
		return refuse("CompactToken parsing failed with error code: 80049217")
	case !s.now().Before(g.expires):
		return refuse("Access token has expired or is not yet valid.")
	case g.audience != "":
		return refuse("Access token validation failure. Invalid audience.")
	case g.challenge:
		claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, s.now().Unix())
		return nil, &failure{status: 401, code: "InvalidAuthenticationToken", message: "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
			challenge: wwwAuthenticate + `, error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`}
	}
	return g, nil
}

// usage counts an application's requests in its window.
type usage struct {
	since time.Time
	n     int
}

func (s *Server) throttle(g *grant) *failure {
	now := s.now()
	u := s.window[g.app]
	if u == nil || now.Sub(u.since) >= s.opts.throttle.window {
		u = &usage{since: now}
		s.window[g.app] = u
	}
	if u.n++; u.n <= s.opts.throttle.requests {
		return nil
	}
	return &failure{status: 429, code: "TooManyRequests", message: "Too many requests. Please try again later.", retryAfter: u.since.Add(s.opts.throttle.window).Sub(now)}
}

// issue makes an access token for g. The lock is held.
func (s *Server) issue(g *grant) string {
	value := "emu." + rand.Text() + "." + rand.Text()
	g.expires = s.now().Add(s.opts.TokenLife)
	s.sweep()
	s.grants[value] = g
	return value
}

// sweep deletes what can no longer be used. Expired tokens are kept for a day,
// since Graph distinguishes them from unknown ones.
func (s *Server) sweep() {
	now := s.now()
	maps.DeleteFunc(s.grants, func(_ string, g *grant) bool { return now.Sub(g.expires) > 24*time.Hour })
	maps.DeleteFunc(s.refresh, func(_ string, g *grant) bool { return now.Sub(g.expires) > 90*24*time.Hour })
	maps.DeleteFunc(s.flows, func(_ string, a *authorization) bool { return !now.Before(a.expires) })
	maps.DeleteFunc(s.codes, func(_ string, a *authorization) bool { return !now.Before(a.expires) })
	maps.DeleteFunc(s.devices, func(_ string, d *deviceFlow) bool { return now.Sub(d.expires) > time.Hour })
}

// signer signs id tokens and serves its key.
type signer struct {
	key *rsa.PrivateKey
	kid string
}

// sharedSigner makes one key for the process: it costs a tenth of a second.
var sharedSigner = sync.OnceValue(func() *signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("emu: no RSA key: " + err.Error()) // the system has no randomness
	}
	return &signer{key: key, kid: newGUID()}
})

func (k *signer) sign(claims jwt.MapClaims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = k.kid
	return t.SignedString(k.key)
}

func (s *Server) jwks(w http.ResponseWriter) {
	pub := s.keys.key.PublicKey
	b64 := base64.RawURLEncoding.EncodeToString
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": s.keys.kid,
		"n": b64(pub.N.Bytes()), "e": b64(big.NewInt(int64(pub.E)).Bytes()),
	}}})
}
