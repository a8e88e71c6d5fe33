package graph

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"heliograph/graph/presence"
)

// TestEntrasShape: an answer is a refusal by Entra if it has a name and Entra's
// number.
func TestEntrasShape(t *testing.T) {
	const html = "<html>blocked</html>"
	for name, c := range map[string]struct {
		status int
		body   string
		kind   error // what the error wraps; nil: a failure of all requests
		key    string
	}{
		"refused":       {400, `{"error":"invalid_grant","error_codes":[50173]}`, presence.ErrSignIn, "expired"},
		"text_only":     {400, `{"error":"interaction_required","error_description":"AADSTS53003: blocked"}`, presence.ErrSignIn, "blocked"},
		"disabled":      {400, `{"error":"unauthorized_client","error_codes":[7000112]}`, presence.ErrRefused, "disabled-app"},
		"unknown":       {400, `{"error":"invalid_request","error_codes":[90012345]}`, presence.ErrRefused, "entra-kept"},
		"no_number":     {400, `{"error":"invalid_grant"}`, nil, "network"},
		"no_name":       {400, `{"error_codes":[50173]}`, nil, "network"},
		"odd_name":      {400, `{"error":"<b>invalid grant</b>","error_codes":[50173]}`, nil, "network"},
		"html":          {400, html, nil, "network"},
		"html_401":      {401, html, nil, "network"},
		"html_503":      {503, html, nil, "network"},
		"html_429":      {429, html, nil, "busy"},
		"unavailable":   {400, `{"error":"temporarily_unavailable","error_codes":[90033]}`, nil, "server"},
		"server_error":  {400, `{"error":"server_error","error_codes":[90033]}`, nil, "server"},
		"server_500":    {500, `{"error":"invalid_grant","error_codes":[50173]}`, nil, "server"},
		"throttled_429": {429, `{"error":"invalid_grant","error_codes":[50196]}`, nil, "busy"},
	} {
		w := httptest.NewRecorder()
		w.WriteHeader(c.status)
		_, _ = w.WriteString(c.body) // into memory
		err := tokenError(msal.CallErr{Resp: w.Result(), Err: errors.New("a text that is not used")})
		for _, kind := range []error{presence.ErrSignIn, presence.ErrRefused, presence.ErrAnswered} {
			if errors.Is(err, kind) != (kind == c.kind) {
				t.Errorf("%s: %v; is %v: %v", name, err, kind, errors.Is(err, kind))
			}
		}
		if key := Explain(err).Key; key != c.key {
			t.Errorf("%s: explained as %s, want %s", name, key, c.key)
		}
	}
}

// TestForeignAnswers: an answer without Graph's marks is a failure of the network.
// The pause is short whatever the answer asks for.
func TestForeignAnswers(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 407, 409, 429, 502, 503, 511} {
		s := &scripted{answers: []func(http.ResponseWriter){answer(status, "<html>blocked</html>", "Retry-After", "3000")}}
		err := s.client(t).SetPresence(t.Context(), presence.Away, time.Hour)
		wait, _ := presence.RetryAfter(err)
		want := "network"
		if status == http.StatusTooManyRequests {
			want = "busy"
		}
		if key := Explain(err).Key; !errors.Is(err, presence.ErrAnswered) || key != want || wait != maxForeignWait {
			t.Errorf("%d: %v, explained as %s, waits %v", status, err, key, wait)
		}
	}
}

// TestGraphsMark: the request id alone proves that Graph has answered.
func TestGraphsMark(t *testing.T) {
	id := []string{"request-id", "8a3c1f1e-0000-4000-8000-000000000001"}
	s := &scripted{answers: []func(http.ResponseWriter){answer(404, "", id...)}}
	if err := s.client(t).ClearPresence(t.Context()); err != nil {
		t.Errorf("a session that does not exist: %v", err)
	}
	s = &scripted{answers: []func(http.ResponseWriter){answer(403, `{"error":{"code":"","message":""}}`, id...)}}
	err := s.client(t).SetPresence(t.Context(), presence.Away, time.Hour)
	if !errors.Is(err, presence.ErrRefused) || Explain(err).Key != "permission" {
		t.Errorf("a refusal without a code: %v, explained as %s", err, Explain(err).Key)
	}
}

// TestEveryStatus: what each status means, from Graph and from something in its
// place.
func TestEveryStatus(t *testing.T) {
	for status := 200; status < 600; status++ {
		for _, graphs := range []bool{true, false} {
			w := written{status, map[string]string{"Content-Type": "text/html"}, []byte(page)}
			if graphs {
				w = written{status, map[string]string{"Content-Type": "application/json", "request-id": "8a3c1f1e-0000-4000-8000-000000000001"}, []byte(`{"error":{"code":"SomeCode"}}`)}
			}
			c := &Client{now: computerClock, http: newHTTP(w), base: "https://graph.example/v1.0", token: fixedToken("an access token")}
			err := c.SetPresence(t.Context(), presence.Away, time.Hour)
			var want error
			switch {
			case status < 300 && !graphs, slices.Contains([]int{301, 302, 303, 307, 308}, status):
			case !graphs, status < 300, status == 408, status == 429, status >= 500:
				want = presence.ErrAnswered
			default:
				want = presence.ErrRefused
			}
			if err == nil {
				t.Errorf("%d, Graph's: %v, counts as done", status, graphs)
				continue
			}
			for _, kind := range []error{presence.ErrSignIn, presence.ErrRefused, presence.ErrAnswered} {
				if errors.Is(err, kind) != (kind == want) {
					t.Errorf("%d, Graph's: %v: %v is %v: %v", status, graphs, err, kind, errors.Is(err, kind))
				}
			}
			oneLine(t, err)
		}
	}
}
