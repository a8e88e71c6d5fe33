package emu

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzEntra: no request to the sign-in service gives a 5xx, and every refusal of
// the token endpoint has Entra's shape.
func FuzzEntra(f *testing.F) {
	for _, form := range []string{"grant_type=refresh_token&client_id=" + AppID + "&refresh_token=x", "grant_type=authorization_code&client_id=" + AppID + "&code=x&code_verifier=y&redirect_uri=http://localhost:1",
		"grant_type=client_credentials&client_id=" + AppID + "&client_secret=x&scope=https://graph.microsoft.com/.default",
		"grant_type=client_credentials&client_id=" + AppID + "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=eyJhbGciOiJSUzI1NiJ9.e30.AAAA",
		"grant_type=device_code&client_id=" + AppID + "&device_code=x", "client_id=" + AppID + "&scope=openid%20Presence.Read&claims={", "", "%zz",
		"client_id=" + AppID + "&redirect_uri=http://localhost:1&response_type=code&code_challenge=x&code_challenge_method=S256&state=%0d%0a<script>", "flow=x&step=account&user=self", "code=x&user=self&step=refuse"} {
		for i := range byte(8) {
			f.Add(i, form)
		}
	}
	paths := []string{"/organizations/oauth2/v2.0/token", "/" + TenantID + "/oauth2/v2.0/token", "/organizations/oauth2/v2.0/devicecode", "/organizations/oauth2/v2.0/authorize"}
	f.Fuzz(func(t *testing.T, which byte, form string) {
		s := New(Options{})
		method, address, body := "POST", authority+paths[which%4], form
		if which&4 != 0 && which%4 == 3 {
			method, address, body = "GET", address+"?"+strings.Map(printable, form), ""
		}
		req, err := http.NewRequest(method, address, strings.NewReader(body))
		if err != nil {
			return // no address that could be sent
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := s.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode >= 500 {
			t.Fatalf("%q: %d %s %v", form, resp.StatusCode, text, err)
		}
		var e struct {
			Error string `json:"error"`
			Codes []int  `json:"error_codes"`
		}
		if which%4 < 2 && (resp.StatusCode < 400 || json.Unmarshal(text, &e) != nil || e.Error == "") {
			t.Errorf("%q: %d %s", form, resp.StatusCode, text)
		}
		if strings.Contains(string(text), "<script>") && !strings.Contains(string(text), "document.") {
			t.Errorf("%q is not escaped: %s", form, text)
		}
	})
}

func printable(r rune) rune {
	if r <= ' ' || r > '~' || r == '#' {
		return -1
	}
	return r
}

// FuzzDuration: an Edm.Duration is refused, or within what a time.Duration holds.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"PT5M", "P1DT2H3M4.5S", "-PT1S", "PT", "P", "PT99999999999999999999H", "P1Y", "PT1.S", "pt5m"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDuration(text)
		if err != nil && d != 0 {
			t.Errorf("%q is %s and %v", text, d, err)
		}
		if err == nil && (d < 0) != strings.HasPrefix(text, "-") && d != 0 {
			t.Errorf("%q is %s", text, d)
		}
		_ = time.Now().Add(d)
	})
}
