package graph

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// fixedToken returns a source of one access token.
func fixedToken(token string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return token, nil }
}

// scripted is a server that gives one answer after the other, then the last one
// again and again.
type scripted struct {
	answers []func(http.ResponseWriter)
	calls   int
	bearers []string
	claims  []string
}

func (s *scripted) client(t *testing.T) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.bearers = append(s.bearers, r.Header.Get("Authorization"))
		n := min(s.calls, len(s.answers)-1)
		s.calls++
		s.answers[n](w)
	}))
	t.Cleanup(srv.Close)
	return &Client{now: computerClock, http: newHTTP(srv.Client().Transport), base: srv.URL + "/v1.0", user: emu.SelfID, app: emu.AppID, consent: "https://consent.example/",
		token: func(_ context.Context, claims string) (string, error) {
			s.claims = append(s.claims, claims)
			return "t" + string(rune('0'+len(s.claims))), nil
		}}
}

func answer(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const wanted = `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`

// challenged returns an answer with which Graph demands new claims.
func challenged(enc *base64.Encoding) func(http.ResponseWriter) {
	return answer(401, `{"error":{"code":"InvalidAuthenticationToken"}}`, "WWW-Authenticate",
		`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="`+enc.EncodeToString([]byte(wanted))+`"`)
}

func TestChallengeIsAnsweredOnce(t *testing.T) {
	for name, enc := range map[string]*base64.Encoding{"padded": base64.StdEncoding, "bare": base64.RawStdEncoding, "url": base64.RawURLEncoding} {
		s := &scripted{answers: []func(http.ResponseWriter){challenged(enc), answer(200, "")}}
		if err := s.client(t).SetPresence(t.Context(), presence.Away, time.Hour); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.calls != 2 || len(s.claims) != 2 || s.claims[1] != wanted || s.bearers[1] != "Bearer t2" {
			t.Errorf("%s: %d calls, claims %q", name, s.calls, s.claims)
		}
	}
	// An expired token and a revoked session, one after the other.
	both := &scripted{answers: []func(http.ResponseWriter){answer(401, `{"error":{"code":"InvalidAuthenticationToken"}}`), challenged(base64.StdEncoding), answer(200, "")}}
	if err := both.client(t).SetPresence(t.Context(), presence.Away, time.Hour); err != nil || both.calls != 3 || both.claims[1] != anyClaims || both.claims[2] != wanted {
		t.Errorf("stale, then challenged: %v after %q", err, both.claims)
	}
	s := &scripted{answers: []func(http.ResponseWriter){challenged(base64.StdEncoding)}}
	c := s.client(t)
	err := c.SetPresence(t.Context(), presence.Away, time.Hour)
	if err == nil || errors.Is(err, presence.ErrSignIn) || s.calls != 2 || Explain(err).Key != "token" {
		t.Errorf("challenged again: %v after %d calls", err, s.calls)
	}
	c.challenged["/setPresence"] = challenges{first: time.Now().Add(-challengePatience), last: time.Now()}
	if err := c.SetPresence(t.Context(), presence.Away, time.Hour); !errors.Is(err, presence.ErrSignIn) || s.calls != 4 {
		t.Errorf("challenged for minutes: %v after %d calls", err, s.calls)
	}
}

func TestPlain401StartsNoRoundOfRefreshing(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		key    string
		calls  int // 2: one refresh, since only the token itself was refused
	}{
		"another_user": {answer(401, `{"error":{"code":"Unauthorized"}}`), "permission", 1},
		"expired":      {answer(401, `{"error":{"code":"InvalidAuthenticationToken"}}`, "WWW-Authenticate", `Bearer realm=""`), "token", 2},
		"bad_claims":   {answer(401, `{"error":{"code":"InvalidAuthenticationToken"}}`, "WWW-Authenticate", `Bearer error="insufficient_claims", claims="!!"`), "token", 2},
		"proxy_page":   {answer(401, "<html>who are you?</html>"), "network", 1},
	} {
		s := &scripted{answers: []func(http.ResponseWriter){c.answer}}
		client := s.client(t)
		err := client.SetPresence(t.Context(), presence.Away, time.Hour)
		if errors.Is(err, presence.ErrSignIn) || s.calls != c.calls || len(s.claims) != c.calls {
			t.Errorf("%s: %v after %d calls and %d tokens", name, err, s.calls, len(s.claims))
		}
		if got := Explain(err).Key; got != c.key {
			t.Errorf("%s: explained as %s", name, got)
		}
		err = client.SetPresence(t.Context(), presence.Away, time.Hour)
		if err == nil || s.calls != c.calls+1 {
			t.Errorf("%s: the second request made %d calls", name, s.calls-c.calls)
		}
	}
}

// TestOnlyGraphRefuses: a status alone does not prove that Graph has answered. A
// request that a proxy or a hotspot answers is repeated.
func TestOnlyGraphRefuses(t *testing.T) {
	for _, status := range []int{400, 403, 404, 409, 511} {
		s := &scripted{answers: []func(http.ResponseWriter){answer(status, "<html>blocked</html>")}}
		c := s.client(t)
		err := c.SetPresence(t.Context(), presence.Away, time.Hour)
		if err == nil || errors.Is(err, presence.ErrRefused) || errors.Is(err, presence.ErrSignIn) {
			t.Errorf("%d: %v", status, err)
		}
		if err := c.ClearPresence(t.Context()); err == nil {
			t.Errorf("%d: a page is taken for the answer that a session does not exist", status)
		}
	}
}

func TestForbiddenLinksTheConsentPage(t *testing.T) {
	s := &scripted{answers: []func(http.ResponseWriter){answer(403, `{"error":{"code":"Forbidden","message":"secret words"}}`)}}
	err := s.client(t).SetPresence(t.Context(), presence.Away, time.Hour)
	w := Explain(err)
	if !errors.Is(err, presence.ErrRefused) || w.Key != "permission" || w.Link != "https://consent.example/" || strings.Contains(err.Error(), "words") {
		t.Errorf("%v: %+v", err, w)
	}
}

func TestConsentLinks(t *testing.T) {
	for code, key := range map[int]string{65001: "consent", 90094: "admin"} {
		s := emu.New(emu.Options{})
		if err := s.AddFault(emu.Fault{Path: "/token", AADSTS: code}); err != nil {
			t.Fatal(err)
		}
		a, err := Open(Config{ClientID: emu.AppID, Tenant: "contoso.example", Transport: s.Transport()}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.SignIn(t.Context(), Prompt{OpenURL: inBackground(emu.Browser(s.Transport(), "self"))})
		w := Explain(err)
		if w.Key != key || !strings.Contains(w.Link, "/contoso.example/v2.0/adminconsent?client_id="+emu.AppID) || !strings.Contains(w.Link, "Presence.ReadWrite") {
			t.Errorf("%d: %+v", code, w)
		}
	}
}

func TestAnswersInTheWild(t *testing.T) {
	zipped := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, text)
		z.Close()
		return b.String()
	}
	full := `{"@odata.context":"x","id":"i","availability":"available","activity":"SomethingNew","sequenceNumber":"A1","new":{"a":[1]},"statusMessage":{"message":{"content":"hi","contentType":"html"},"publishedDateTime":"2026-01-01T00:00:00Z","expiryDateTime":{"dateTime":"2026-01-01T08:00:00.0000000","timeZone":"Europe/Berlin"}},"outOfOfficeSettings":null}`
	for name, c := range map[string]struct {
		answer  func(http.ResponseWriter)
		want    presence.Pair
		message string
		fails   bool
	}{
		"full":      {answer(200, full), presence.Pair{Availability: "available", Activity: "SomethingNew"}, "hi", false},
		"gzip":      {answer(200, zipped(full), "Content-Encoding", "gzip"), presence.Pair{Availability: "available", Activity: "SomethingNew"}, "hi", false},
		"gov":       {answer(200, `{"id":"i","availability":"Busy","activity":"InACall"}`), presence.Pair{Availability: "Busy", Activity: "InACall"}, "", false},
		"nulls":     {answer(200, `{"availability":"Away","activity":"Away","sequenceNumber":null,"statusMessage":{"message":null,"expiryDateTime":null}}`), presence.Pair{Availability: "Away", Activity: "Away"}, "", false},
		"bad_zone":  {answer(200, `{"availability":"Away","activity":"Away","statusMessage":{"message":{"content":"hi"},"expiryDateTime":{"dateTime":"soon","timeZone":"Mars"}}}`), presence.Pair{Availability: "Away", Activity: "Away"}, "hi", false},
		"not_json":  {answer(200, "<html>"), presence.Pair{}, "", true},
		"empty":     {answer(200, ""), presence.Pair{}, "", true},
		"list":      {answer(200, `[]`), presence.Pair{}, "", true},
		"not_found": {answer(404, ""), presence.Pair{}, "", true},
	} {
		got, err := (&scripted{answers: []func(http.ResponseWriter){c.answer}}).client(t).Shown(t.Context())
		if (err != nil) != c.fails || got.Pair != c.want || got.Message != c.message {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, a := range map[string]func(http.ResponseWriter){"ok": answer(200, ""), "no_content": answer(204, ""), "accepted": answer(202, "{}"),
		"empty_json": answer(200, "", "Content-Type", "application/json")} {
		c := (&scripted{answers: []func(http.ResponseWriter){a}}).client(t)
		for _, err := range []error{c.SetPresence(t.Context(), presence.Away, time.Hour), c.ClearPresence(t.Context()), c.ClearPreferred(t.Context())} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestClearOfAMissingSession(t *testing.T) {
	s := &scripted{answers: []func(http.ResponseWriter){answer(404, `{"error":{"code":"NotFound"}}`)}}
	if err := s.client(t).ClearPresence(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.client(t).ClearPreferred(t.Context()); !errors.Is(err, presence.ErrRefused) {
		t.Errorf("404 for another action gives %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	for v, want := range map[string]time.Duration{"": 0, "17": 17 * time.Second, "-5": 0, "9999999": time.Hour, "99999999999999999999": time.Hour, "soon": 0,
		"0": 0, "-99999999999999999999": 0, "1.5": 0, "1e3": 0, "0x10": 0, "17, 18": 0,
		"Mon, 23 Nov 2026 09:01:30 GMT": 90 * time.Second, "Mon, 23 Nov 2026 08:00:00 GMT": 0, "Fri, 31 Dec 9999 23:59:59 GMT": time.Hour} {
		h := http.Header{}
		h.Set("Retry-After", v)
		h.Set("Date", "Mon, 23 Nov 2026 09:00:00 GMT") // a date is one of Graph's clock, not of ours
		if got := retryAfter(h); got != want {
			t.Errorf("%q: %s, want %s", v, got, want)
		}
	}
	for _, status := range []int{429, 503} {
		s := &scripted{answers: []func(http.ResponseWriter){answer(status, `{"error":{"code":"TooManyRequests","innerError":{"date":"x","request-id":"abc-1"}}}`, "Retry-After", "12")}}
		err := s.client(t).SetPresence(t.Context(), presence.Away, time.Hour)
		var e *Error
		if !errors.As(err, &e) || e.Wait != 12*time.Second || e.RequestID != "abc-1" || errors.Is(err, presence.ErrRefused) || Explain(err).Key != "busy" || s.calls != 1 {
			t.Errorf("%d: %#v after %d calls", status, err, s.calls)
		}
	}
}

func TestErrorsQuoteNoAnswer(t *testing.T) {
	for _, body := range []string{`{"error":{"code":"a\nb","message":"m"}}`, `{"error":{"code":"` + strings.Repeat("x", 500) + `"}}`, `{"error":"text"}`, `{"error":{"code":5}}`, "<html>", "", "null", `{"error":{"innerError":{"request-id":"a b"}}}`} {
		s := &scripted{answers: []func(http.ResponseWriter){answer(400, body)}}
		err := s.client(t).SetPresence(t.Context(), presence.Away, time.Hour)
		if err == nil || err.Error() != "something in place of Microsoft Graph answers 400" {
			t.Errorf("%s: %v", body, err)
		}
	}
}
