package emu

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// authorization is one sign-in on its way from the first page to the code.
type authorization struct {
	client, redirect, state, nonce string
	mode                           string // response_mode
	challenge                      string // PKCE, S256
	scopes                         []string
	hint                           string
	cp1                            bool
	user                           *user
	expires                        time.Time
}

// deviceFlow is one device code.
type deviceFlow struct {
	client   string
	userCode string
	scopes   []string
	cp1      bool
	user     *user
	refused  bool
	expires  time.Time
}

// oauthError is an error of the token endpoint in the words of Entra.
//
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
type oauthError struct {
	status int
	name   string // RFC 6749's error
	aadsts int
	text   string
}

// aadsts are the errors that people meet, with the OAuth error of each.
var aadsts = map[int]oauthError{
	50005:   {400, "invalid_grant", 50005, "User tried to log in to a device from a platform that's currently not supported through Conditional Access policy."},
	50020:   {400, "invalid_grant", 50020, "User account from identity provider 'live.com' does not exist in this tenant and cannot access the application in it. Sign in with a work or school account of this tenant."},
	50034:   {400, "invalid_grant", 50034, "The user account does not exist in this directory."},
	50173:   {400, "invalid_grant", 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed."},
	50194:   {400, "invalid_request", 50194, "Application is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps."},
	53000:   {400, "interaction_required", 53000, "Your device is required to be managed to access this resource."},
	53003:   {400, "interaction_required", 53003, "Access has been blocked by Conditional Access policies."},
	65001:   {400, "invalid_grant", 65001, "The user or administrator has not consented to use the application."},
	65004:   {400, "access_denied", 65004, "User declined to consent to access the app."},
	70008:   {400, "invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity."},
	700016:  {400, "unauthorized_client", 700016, "Application was not found in the directory."},
	700082:  {400, "invalid_grant", 700082, "The refresh token has expired due to inactivity."},
	7000112: {400, "unauthorized_client", 7000112, "Application is disabled."},
	7000215: {401, "invalid_client", 7000215, "Invalid client secret provided."},
	90094:   {400, "access_denied", 90094, "Admin consent is required for the permissions requested by this application."},
	700027:  {401, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application, or its signature failed validation."},
	1002012: {400, "invalid_scope", 1002012, "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier."},
	9002313: {400, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid."},
	501481:  {400, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."},
}

func aadstsError(code int) oauthError {
	if e, ok := aadsts[code]; ok {
		return e
	}
	return oauthError{400, "invalid_request", code, "The request could not be completed."}
}

func (s *Server) oauthFail(w http.ResponseWriter, e oauthError) {
	body := map[string]any{"error": e.name, "timestamp": s.now().Format("2006-01-02 15:04:05Z"), "trace_id": newGUID(), "correlation_id": newGUID()}
	body["error_description"] = e.describe()
	if e.aadsts != 0 {
		body["error_codes"] = []int{e.aadsts}
	}
	if e.aadsts == 65001 {
		body["suberror"] = "consent_required"
	}
	writeJSON(w, e.status, body)
}

func (e oauthError) describe() string {
	if e.aadsts == 0 {
		return e.text
	}
	return "AADSTS" + itoa(e.aadsts) + ": " + e.text
}

// entra answers one request to the sign-in service.
func (s *Server) entra(w http.ResponseWriter, r *http.Request, tenant, rest string) {
	if !s.knowsTenant(tenant) {
		http.NotFound(w, r)
		return
	}
	switch rest {
	case "v2.0/.well-known/openid-configuration":
		s.openIDConfiguration(w)
	case "discovery/v2.0/keys":
		s.jwks(w)
	case "oauth2/v2.0/authorize":
		s.authorizePage(w, r)
	case "oauth2/v2.0/devicecode":
		s.deviceCode(w, r)
	case "oauth2/v2.0/deviceauth":
		s.devicePage(w, r)
	case "oauth2/v2.0/token":
		s.token(w, r, tenant)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) knowsTenant(t string) bool {
	return slices.ContainsFunc([]string{TenantID, TenantDomain, "organizations", "common"}, func(k string) bool { return strings.EqualFold(k, t) })
}

// browserBase returns the origin of the pages for a person's browser.
func (s *Server) browserBase() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmp.Or(s.browser, authority)
}

func (s *Server) openIDConfiguration(w http.ResponseWriter) {
	base := authority + "/" + TenantID
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                base + "/v2.0",
		"authorization_endpoint":                s.browserBase() + "/" + TenantID + "/oauth2/v2.0/authorize",
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
	})
}

// declaresCP1 reports whether the claims parameter names capability CP1.
func declaresCP1(claims string) bool {
	var c struct {
		AccessToken struct {
			XmsCC struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	return json.Unmarshal([]byte(claims), &c) == nil &&
		slices.ContainsFunc(c.AccessToken.XmsCC.Values, func(v string) bool { return strings.EqualFold(v, "cp1") })
}

// audienceOf returns the resource that scopes are for; empty: Graph.
func audienceOf(scopes []string) string {
	for _, sc := range scopes {
		u, err := url.Parse(sc)
		if err == nil && u.Scheme != "" && !slices.Contains(graphHosts, strings.ToLower(u.Host)) {
			return u.Host
		}
	}
	return ""
}

var graphHosts = []string{"graph.heliograph.test", "graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us"}

// permissions strips the resource off each scope.
func permissions(scopes []string) []string {
	out := make([]string, 0, len(scopes))
	for _, sc := range scopes {
		out = append(out, sc[strings.LastIndex(sc, "/")+1:])
	}
	return out
}

// token serves the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request, tenant string) {
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.oauthFail(w, aadstsError(9002313))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.knowsApp(r.PostForm.Get("client_id")) {
		s.oauthFail(w, aadstsError(700016))
		return
	}
	g, scopes, fail := s.redeem(r.PostForm, tenant)
	if fail != nil {
		s.oauthFail(w, *fail)
		return
	}
	out := map[string]any{"token_type": "Bearer", "access_token": s.issue(g),
		"expires_in": int(s.opts.TokenLife / time.Second), "ext_expires_in": int(s.opts.TokenLife / time.Second), "scope": strings.Join(scopes, " ")}
	if g.user != nil {
		idToken, err := s.idToken(g, g.nonce)
		if err != nil {
			s.oauthFail(w, oauthError{500, "server_error", 0, "the id token cannot be signed"})
			return
		}
		refresh := "emr." + rand.Text() + "." + rand.Text()
		s.refresh[refresh] = g
		info, _ := json.Marshal(map[string]string{"uid": g.user.id, "utid": TenantID})
		out["id_token"], out["refresh_token"] = idToken, refresh
		out["client_info"] = base64.RawURLEncoding.EncodeToString(info)
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, out)
}

// redeem exchanges a code, a refresh token, a device code or the credential of an
// application for a grant. The lock is held.
func (s *Server) redeem(f url.Values, tenant string) (*grant, []string, *oauthError) {
	refuse := func(code int) (*grant, []string, *oauthError) {
		e := aadstsError(code)
		return nil, nil, &e
	}
	scopes := strings.Fields(f.Get("scope"))
	g := &grant{app: strings.ToLower(f.Get("client_id")), scopes: permissions(scopes), audience: audienceOf(scopes), cp1: declaresCP1(f.Get("claims"))}
	switch f.Get("grant_type") {
	case "authorization_code":
		a, ok := s.codes[f.Get("code")]
		delete(s.codes, f.Get("code"))
		if !ok || !s.now().Before(a.expires) || !strings.EqualFold(a.client, g.app) || a.redirect != f.Get("redirect_uri") {
			return refuse(70008)
		}
		sum := sha256.Sum256([]byte(f.Get("code_verifier")))
		if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(a.challenge)) != 1 {
			return refuse(501481)
		}
		g.user, g.cp1, g.nonce = a.user, g.cp1 || a.cp1, a.nonce
		if len(scopes) == 0 {
			scopes, g.scopes = a.scopes, permissions(a.scopes)
		}
	case "refresh_token":
		old, ok := s.refresh[f.Get("refresh_token")]
		if s.opts.Switches.RefreshOnce {
			delete(s.refresh, f.Get("refresh_token"))
		}
		if !ok || old.app != g.app {
			return refuse(700082)
		}
		if old.revoked {
			return refuse(50173)
		}
		g.user, g.cp1 = old.user, g.cp1 || old.cp1
		if len(scopes) == 0 {
			scopes, g.scopes = old.scopes, old.scopes
		}
	case "device_code", "urn:ietf:params:oauth:grant-type:device_code":
		return s.redeemDevice(f.Get("device_code"), g, scopes)
	case "client_credentials":
		return s.redeemCredentials(f, tenant, g, scopes)
	default:
		return refuse(9002313)
	}
	return g, scopes, nil
}

func (s *Server) idToken(g *grant, nonce string) (string, error) {
	now := s.now()
	claims := jwt.MapClaims{
		"iss": authority + "/" + TenantID + "/v2.0", "aud": g.app, "tid": TenantID,
		"oid": g.user.id, "sub": g.user.id, "name": g.user.name, "preferred_username": g.user.upn,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(s.opts.TokenLife).Unix(), "ver": "2.0",
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return s.keys.sign(claims)
}

// loopback reports whether a redirect goes to this computer only, as a native
// client's must.
func loopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}
