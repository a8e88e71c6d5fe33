package graph

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// TestHide: pieces of a secret are replaced wherever they begin and end; other
// text stays as it is.
func TestHide(t *testing.T) {
	var h held
	const secret = "emr.ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	h.add(secret)
	h.add("short")
	h.add(secret)
	for text, want := range map[string]string{
		"":                           "",
		"InvalidAuthenticationToken": "InvalidAuthenticationToken",
		secret:                       "REDACTED",
		"x" + secret + "y":           "xREDACTEDy",
		secret[:12]:                  "REDACTED",
		secret[:11]:                  secret[:11],
		"a " + secret[3:20] + " b " + secret[5:30]: "a REDACTED b REDACTED",
		secret + secret:                       "REDACTED",
		"short":                               "short",
		"refresh_token=" + secret[:20] + "&c": "refresh_token=REDACTED&c",
	} {
		if got := h.hide(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if len(h.recent) != 1 {
		t.Errorf("%d secrets are held", len(h.recent))
	}
	for i := range 3 * heldSecrets {
		h.add(strings.Repeat(string(rune('a'+i)), quotePiece))
	}
	if len(h.recent) != heldSecrets {
		t.Errorf("%d secrets are held, which is not bounded", len(h.recent))
	}
}

// quoting makes a server quote what it is sent in every place that heliograph
// reads: the error code, the request id, the status line and the challenge.
func quoting(secret string, how string) func(http.ResponseWriter) {
	piece := secret[:min(64, len(secret))] // the longest word that is accepted
	body := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	switch how {
	case "code":
		return answer(400, body(map[string]any{"error": map[string]any{"code": piece, "message": secret}}))
	case "code_middle":
		return answer(400, body(map[string]any{"error": map[string]any{"code": "Bad." + secret[len(secret)/4:][:min(20, len(secret)*3/4)] + ".Request"}}))
	case "request_id":
		return answer(500, "", "request-id", piece)
	case "inner_request_id":
		return answer(403, body(map[string]any{"error": map[string]any{"code": "Forbidden", "innerError": map[string]any{"request-id": piece}}}))
	case "oauth_code":
		return answer(400, body(map[string]any{"error": piece, "error_codes": []int{50173}, "error_description": secret}))
	case "oauth_request_id":
		return answer(503, "", "x-ms-request-id", piece)
	case "oauth_success":
		return answer(200, body(map[string]any{"error": secret}))
	case "challenge":
		return answer(401, body(map[string]any{"error": map[string]any{"code": piece}}), "WWW-Authenticate", `Bearer error="`+secret+`"`)
	}
	panic(how)
}

// TestGraphQuotesTheToken: Graph, or what answers in its place, quotes the access
// token in words that look like an error code.
func TestGraphQuotesTheToken(t *testing.T) {
	const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.SIGNATURESIGNATURESIGNATURE"
	for _, how := range []string{"code", "code_middle", "request_id", "inner_request_id", "challenge"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			quoting(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), how)(w)
		}))
		c := (&scripted{}).client(t)
		c.base = srv.URL
		c.token = fixedToken(token)
		err := c.SetPresence(t.Context(), presence.Away, time.Hour)
		if err == nil || !strings.Contains(err.Error(), redacted) {
			t.Errorf("%s: %v", how, err)
		}
		quotesNothing(t, how, err, token)
		srv.Close()
	}
}

// TestEntraQuotesTheRefreshToken: the same for Entra and the refresh token, the
// code and the verifier; and Graph quotes the refresh token that a proxy gave it.
func TestEntraQuotesTheRefreshToken(t *testing.T) {
	for _, how := range []string{"oauth_code", "oauth_request_id", "oauth_success", "graph_later"} {
		s := emu.New(emu.Options{TokenLife: time.Minute}) // refreshed before each request
		p := &proxy{next: s.Transport()}
		a, err := Open(Config{ClientID: emu.AppID, Transport: p}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.SignIn(t.Context(), Prompt{Device: func(c DeviceCode) { s.ApproveDevice(c.Code, "self") }}); err != nil {
			t.Fatal(err)
		}
		var refresh string
		p.answer(func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			switch {
			case strings.HasSuffix(r.URL.Path, "/token"):
				form, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(form)))
				refresh = between(string(form), "refresh_token=", "&")
				if how == "graph_later" {
					return nil
				}
				quoting(refresh, how)(w)
			case strings.Contains(r.URL.Path, "/presence"):
				quoting(refresh, "code")(w)
			default:
				return nil
			}
			return w.Result()
		})
		err = a.Client().SetPresence(t.Context(), presence.Away, time.Hour)
		if len(refresh) < 20 {
			t.Fatalf("%s: the refresh token is %q", how, refresh)
		}
		quotesNothing(t, how, err, refresh)
		if how == "oauth_success" {
			unknownOutcome(t, how, err)
		}
	}
}

// quotesNothing checks that no text of an error, or of an error that it wraps,
// has twelve letters in common with a secret.
func quotesNothing(t *testing.T, what string, err error, secret string) {
	t.Helper()
	for e := range errorTree(err) {
		for i := 0; i+quotePiece <= len(secret); i++ {
			if strings.Contains(e.Error(), secret[i:i+quotePiece]) {
				t.Errorf("%s: %T quotes a secret: %v", what, e, e)
				break
			}
		}
	}
	if err == nil {
		t.Errorf("%s: no error", what)
	}
}

// errorTree yields an error and all that it wraps.
func errorTree(err error) func(func(error) bool) {
	var walk func(error, func(error) bool) bool
	walk = func(err error, yield func(error) bool) bool {
		if err == nil {
			return true
		}
		if !yield(err) {
			return false
		}
		switch x := err.(type) {
		case interface{ Unwrap() error }:
			return walk(x.Unwrap(), yield)
		case interface{ Unwrap() []error }:
			for _, e := range x.Unwrap() {
				if !walk(e, yield) {
					return false
				}
			}
		}
		return true
	}
	return func(yield func(error) bool) { walk(err, yield) }
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

// TestTransportErrorQuotesNothing: the text of a transport's error, such as the
// names in a certificate, is searched, too, and is one short line.
func TestTransportErrorQuotesNothing(t *testing.T) {
	const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9"
	g := guard{held: &held{}}
	g.held.add(token)
	err := g.quotable(plainError("certificate is valid for " + token + ".example,\n\x1b[31m" + strings.Repeat("long.example, ", 200) + "not graph"))
	if s := err.Error(); strings.Contains(s, token[:quotePiece]) || strings.ContainsAny(s, "\n\x1b") || len(s) > maxCause+3 || !strings.HasPrefix(s, "certificate is valid for REDACTED") {
		t.Errorf("got %q", s)
	}
}
