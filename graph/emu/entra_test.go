package emu

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// post sends a form as a browser or a client would. It follows no redirect.
func post(t *testing.T, address string, form url.Values) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

// tokens is an answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
	Error   string `json:"error"`
	Codes   []int  `json:"error_codes"`
}

func redeem(t *testing.T, base string, form url.Values) (int, tokens) {
	t.Helper()
	if form.Get("client_id") == "" {
		form.Set("client_id", AppID)
	}
	status, text, h := post(t, base+"/"+TenantID+"/oauth2/v2.0/token", form)
	var out tokens
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if status == 200 && h.Get("Cache-Control") != "no-store" {
		t.Error("tokens may be stored on the way")
	}
	return status, out
}

const verifier = "a-verifier-of-forty-three-characters-or-more-0"

// signInByHand goes through the pages and returns what the last one sends to the
// client.
func signInByHand(t *testing.T, base, mode, last string) url.Values {
	t.Helper()
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"client_id": {AppID}, "response_type": {"code"}, "redirect_uri": {"http://localhost:1"}, "state": {"st&te"}, "nonce": {"n1"},
		"scope": {"openid profile offline_access Presence.ReadWrite Presence.Read"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "response_mode": {mode}}
	page := base + "/" + TenantID + "/oauth2/v2.0/authorize?" + q.Encode()
	text, _ := get(t, page)
	var header http.Header
	for _, form := range []url.Values{{"step": {"account"}, "user": {SelfID}}, {"step": {last}}} {
		m := regexp.MustCompile(`name="flow" value="([^"]+)"`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("nothing to choose: %s", text)
		}
		form.Set("flow", m[1])
		_, text, header = post(t, page, form)
	}
	if to := header.Get("Location"); to != "" {
		u, err := url.Parse(to)
		if err != nil || u.Host != "localhost:1" {
			t.Fatalf("sent to %s", to)
		}
		return u.Query()
	}
	out := url.Values{}
	for _, f := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(text, -1) {
		out.Set(html.UnescapeString(f[1]), html.UnescapeString(f[2]))
	}
	return out
}

func TestCodeAndIDToken(t *testing.T) {
	s := New(Options{})
	base := httptestURL(t, s)
	for _, mode := range []string{"form_post", "query"} {
		got := signInByHand(t, base, mode, "accept")
		if got.Get("state") != "st&te" || got.Get("code") == "" {
			t.Fatalf("%s: answered %v", mode, got)
		}
		form := url.Values{"grant_type": {"authorization_code"}, "code": {got.Get("code")}, "redirect_uri": {"http://localhost:1"}, "code_verifier": {verifier}}
		status, out := redeem(t, base, form)
		if status != 200 || out.Access == "" || out.Refresh == "" {
			t.Fatalf("%d %+v", status, out)
		}
		checkIDToken(t, base, out.ID)
		if status, _, _ := (client{t, base + "/v1.0", out.Access}).do("GET", "/me/presence", nil, nil); status != 200 {
			t.Errorf("the token opens nothing: %d", status)
		}
		if status, out := redeem(t, base, form); status != 400 || out.Error != "invalid_grant" {
			t.Errorf("a code works twice: %d %+v", status, out)
		}
	}
	for name, change := range map[string]url.Values{"verifier": {"code_verifier": {"wrong"}}, "redirect": {"redirect_uri": {"http://localhost:2"}}, "application": {"client_id": {"unknown"}}} {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {signInByHand(t, base, "form_post", "accept").Get("code")}, "redirect_uri": {"http://localhost:1"}, "code_verifier": {verifier}}
		for k := range change {
			form.Set(k, change.Get(k))
		}
		if status, out := redeem(t, base, form); status != 400 || out.Access != "" {
			t.Errorf("%s: %d %+v", name, status, out)
		}
	}
	if got := signInByHand(t, base, "form_post", "refuse"); got.Get("error") != "access_denied" || !strings.Contains(got.Get("error_description"), "AADSTS65004") || got.Get("state") != "st&te" {
		t.Errorf("refused: %v", got)
	}
}

// checkIDToken verifies the token with the served key, as a client would.
func checkIDToken(t *testing.T, base, token string) {
	t.Helper()
	text, _ := get(t, base+"/"+TenantID+"/discovery/v2.0/keys")
	var set struct{ Keys []struct{ Kid, N, E string } }
	if err := json.Unmarshal([]byte(text), &set); err != nil || len(set.Keys) != 1 {
		t.Fatal(text, err)
	}
	number := func(s string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(b)
	}
	key := &rsa.PublicKey{N: number(set.Keys[0].N), E: int(number(set.Keys[0].E).Int64())}
	claims := jwt.MapClaims{}
	parsed, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		if t.Header["kid"] != set.Keys[0].Kid {
			return nil, errors.New("unknown key")
		}
		return key, nil
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience(AppID), jwt.WithIssuer(authority+"/"+TenantID+"/v2.0"), jwt.WithExpirationRequired())
	if err != nil || !parsed.Valid || claims["oid"] != SelfID || claims["tid"] != TenantID || claims["nonce"] != "n1" {
		t.Errorf("id token %v: %v", claims, err)
	}
	if _, err := jwt.Parse(token[:len(token)-4]+"AAAA", func(*jwt.Token) (any, error) { return key, nil }); err == nil {
		t.Error("a spoiled signature passes")
	}
}

func TestRefreshRotatesAndIsRevoked(t *testing.T) {
	for _, once := range []bool{false, true} {
		t.Run(fmt.Sprintf("once_%v", once), func(t *testing.T) { refreshes(t, once) })
	}
}

func refreshes(t *testing.T, once bool) {
	s := New(Options{Switches: Switches{RefreshOnce: once}})
	base := httptestURL(t, s)
	_, first := redeem(t, base, url.Values{"grant_type": {"authorization_code"}, "code": {signInByHand(t, base, "form_post", "accept").Get("code")}, "redirect_uri": {"http://localhost:1"}, "code_verifier": {verifier}})
	refresh := func(token string, more ...string) (int, tokens) {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
		for i := 0; i+1 < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return redeem(t, base, form)
	}
	status, second := refresh(first.Refresh)
	if status != 200 || second.Refresh == first.Refresh || second.Access == first.Access {
		t.Fatalf("%d %+v", status, second)
	}
	switch status, out := refresh(first.Refresh); {
	case once && (status != 400 || out.Error != "invalid_grant" || out.Codes[0] != 700082):
		t.Errorf("a refresh token works twice: %d %+v", status, out)
	case !once && status != 200:
		t.Errorf("Entra does not revoke a refresh token that was used, the emulator does: %d %+v", status, out)
	}
	if status, _, _ := (client{t, base + "/v1.0", second.Access}).do("GET", "/me/presence", nil, nil); status != 200 {
		t.Errorf("the refreshed token opens nothing: %d", status)
	}
	if err := s.advance(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := (client{t, base + "/v1.0", second.Access}).do("GET", "/me/presence", nil, nil); status != 401 {
		t.Errorf("an expired token opens: %d", status)
	}
	status, third := refresh(second.Refresh)
	if status != 200 {
		t.Fatalf("after two hours: %d %+v", status, third)
	}
	if status, text, _ := (client{t, base, ""}).do("POST", "/_emulator/revoke", []byte(`{"user":"self"}`), nil); status != 200 {
		t.Fatal(text)
	}
	if status, out := refresh(third.Refresh); status != 400 || out.Codes[0] != 50173 {
		t.Errorf("a revoked one: %d %+v", status, out)
	}
}

func TestDevicePage(t *testing.T) {
	s := New(Options{})
	base := httptestURL(t, s)
	s.setBrowser(base)
	begin := func() (device, code, page string) {
		_, text, _ := post(t, base+"/organizations/oauth2/v2.0/devicecode", url.Values{"client_id": {AppID}, "scope": {"openid Presence.ReadWrite"}})
		var in map[string]any
		if err := json.Unmarshal([]byte(text), &in); err != nil {
			t.Fatal(text)
		}
		return in["device_code"].(string), in["user_code"].(string), in["verification_uri"].(string)
	}
	poll := func(device string) tokens {
		_, out := redeem(t, base, url.Values{"grant_type": {"device_code"}, "device_code": {device}})
		return out
	}
	device, code, page := begin()
	if text, _ := get(t, page); !strings.Contains(text, "Enter the code") {
		t.Errorf("page %s", text)
	}
	if out := poll(device); out.Error != "authorization_pending" {
		t.Errorf("before: %+v", out)
	}
	if _, text, _ := post(t, page, url.Values{"code": {"WRONG"}, "user": {SelfID}}); !strings.Contains(text, `role="alert"`) {
		t.Error("a wrong code gives no message")
	}
	if _, text, _ := post(t, page, url.Values{"code": {strings.ToLower(code)}, "user": {SelfID}}); !strings.Contains(text, "signed in") {
		t.Errorf("the right code: %s", text)
	}
	if out := poll(device); out.Access == "" {
		t.Errorf("after: %+v", out)
	}
	if out := poll(device); out.Access != "" {
		t.Error("a device code works twice")
	}
	device, code, page = begin()
	post(t, page, url.Values{"code": {code}, "step": {"refuse"}})
	if out := poll(device); out.Error != "authorization_declined" {
		t.Errorf("refused: %+v", out)
	}
	device, _, _ = begin()
	if err := s.advance(16 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if out := poll(device); out.Error != "expired_token" {
		t.Errorf("late: %+v", out)
	}
}

func TestRedirectsStayOnThisMachine(t *testing.T) {
	s := New(Options{})
	base := httptestURL(t, s)
	for _, to := range []string{"https://evil.example", "http://evil.example", "http://localhost.evil.example", "javascript:alert(1)", ""} {
		resp, err := http.Get(base + "/" + TenantID + "/oauth2/v2.0/authorize?client_id=" + AppID + "&response_type=code&code_challenge=x&code_challenge_method=S256&redirect_uri=" + url.QueryEscape(to))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 400 {
			t.Errorf("%q: %s", to, resp.Status)
		}
	}
}

func TestControlInterface(t *testing.T) {
	s := New(Options{})
	base := httptestURL(t, s)
	c := client{t, base + "/_emulator", ""}
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/state", "", 200, `"name":"Ada Lovelace"`},
		{"GET", "/requests", "", 200, "[]"},
		{"POST", "/sessions", `{"user":"` + OtherID + `","name":"Teams desktop","availability":"Busy","activity":"InAMeeting"}`, 200, `"activity":"InAMeeting"`},
		{"POST", "/sessions", `{"user":"nobody","availability":"Busy"}`, 400, "unknown user"},
		{"POST", "/advance", `{"by":"5m"}`, 200, `"now"`},
		{"POST", "/advance", `{"by":300}`, 200, `"now"`},
		{"POST", "/advance", `{}`, 400, "by is missing"},
		{"POST", "/advance", `{"by":"-1s"}`, 400, "forward"},
		{"POST", "/advance", `{"by":"5m"} x`, 400, "more than one"},
		{"POST", "/advance", `{"for":"5m"}`, 400, "unknown field"},
		{"POST", "/token", `{"user":"self","scopes":["Presence.Read"]}`, 200, `"token":"emu.`},
		{"POST", "/token", `{"application":true}`, 200, `"token":"emu.`},
		{"POST", "/token", `{"user":"nobody"}`, 400, "unknown user"},
		{"POST", "/faults", `{"status":200}`, 400, "400 to 599"},
		{"POST", "/faults", `{}`, 400, "needs status"},
		{"POST", "/faults", `{"status":503,"times":2}`, 200, `"status":503`},
		{"DELETE", "/faults", "", 200, `"faults":[]`},
		{"POST", "/reset", "", 200, `"sessions":[]`},
		{"GET", "/reset", "", 405, "use GET"},
		{"POST", "/nothing", "", 404, "there are state"},
	} {
		status, text, _ := c.do(step.method, step.path, []byte(step.body), nil)
		if status != step.status || !strings.Contains(text, step.want) {
			t.Errorf("%s %s %s: %d %s", step.method, step.path, step.body, status, text)
		}
	}
	if status, _, _ := c.do("POST", "/reset", nil, map[string]string{"Origin": "https://evil.example"}); status != 403 {
		t.Errorf("another site may reset: %d", status)
	}
}

// TestLogHoldsNoSecret signs in and writes; the list of requests must hold what
// was done and no secret.
func TestLogHoldsNoSecret(t *testing.T) {
	s := New(Options{})
	base := httptestURL(t, s)
	code := signInByHand(t, base, "query", "accept").Get("code")
	_, out := redeem(t, base, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"http://localhost:1"}, "code_verifier": {verifier}})
	act(client{t, base + "/v1.0", out.Access}, "setPresence Busy/InACall PT1H")
	log, _ := get(t, base+"/_emulator/requests")
	for name, secret := range map[string]string{"code": code, "access token": out.Access, "refresh token": out.Refresh, "id token": out.ID, "verifier": verifier} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds the %s", name)
		}
	}
	if !strings.Contains(log, `"note":"authorization_code"`) || !strings.Contains(log, `"expirationDuration":"PT1H"`) {
		t.Errorf("log %s", log)
	}
}
