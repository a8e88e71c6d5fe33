package emu

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// vectors are requests, timelines and answers from Microsoft's documents and
// from reports; the file names their sources.
type vectors struct {
	IDs      struct{ Self, Other, App string }
	Requests []struct {
		Name, Method, Path, Auth string
		Body                     json.RawMessage
		RawBody                  *string           `json:"raw_body"`
		Headers                  map[string]string `json:"request_headers"`
		Setup                    string
		Expect                   struct {
			Status  int
			Code    *string
			Message string
		}
	}
	Timelines []struct {
		Name  string
		Steps []struct{ T, Do, Get string }
	}
}

func loadVectors(t *testing.T) vectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/graph-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// client calls a served emulator with one token.
type client struct {
	t     *testing.T
	base  string
	value string
}

func (c client) do(method, path string, body []byte, header map[string]string) (int, string, http.Header) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.base+path, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.value != "" {
		req.Header.Set("Authorization", "Bearer "+c.value)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

// authFor makes the token that a vector's auth names.
func authFor(t *testing.T, s *Server, auth string) string {
	t.Helper()
	kind, permission, _ := strings.Cut(auth, ":")
	in := TokenRequest{}
	if permission != "" {
		in.Scopes = []string{permission}
	}
	switch kind {
	case "none":
		return ""
	case "application":
		in.Application = true
	case "personal":
		in.Personal = true
	case "expired":
		in.Expired = true
	case "revoked":
		in.Revoked = true
	case "delegated-self", "delegated":
	default:
		t.Fatalf("unknown auth %q", auth)
	}
	value, err := s.IssueToken(in)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestVectorRequests(t *testing.T) {
	v := loadVectors(t)
	if len(v.Requests) < 100 {
		t.Fatalf("only %d requests", len(v.Requests))
	}
	for _, c := range v.Requests {
		t.Run(strings.ReplaceAll(c.Name, " ", "_"), func(t *testing.T) {
			s := New(Options{})
			srv := httptest.NewServer(s.handler())
			defer srv.Close()
			setUp(t, s, c.Setup, c.Path)
			body := []byte(c.Body)
			if c.RawBody != nil {
				body = []byte(*c.RawBody)
			}
			body = repeatGUIDs(body)
			if c.Headers["Content-Encoding"] == "gzip" && !strings.Contains(c.Name, "plain body") {
				var z bytes.Buffer
				w := gzip.NewWriter(&z)
				_, _ = w.Write(body)
				w.Close()
				body = z.Bytes()
			}
			if c.Name == "throttled" {
				s.opts.throttle.requests = 0
			}
			status, text, h := client{t, srv.URL + "/v1.0", authFor(t, s, c.Auth)}.do(c.Method, c.Path, body, c.Headers)
			if status != c.Expect.Status && !(c.Expect.Status == 200 && status == 204) {
				t.Fatalf("status %d, want %d: %s", status, c.Expect.Status, text)
			}
			if status >= 400 {
				checkEnvelope(t, text, h, c.Expect.Code, c.Expect.Message)
			} else if text == "" && h.Get("Content-Type") != "" {
				t.Error("an empty answer has a Content-Type")
			}
			if status == 401 && h.Get("WWW-Authenticate") == "" && *c.Expect.Code == "InvalidAuthenticationToken" {
				t.Error("no challenge")
			}
			if status == 429 && h.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if status == 405 && h.Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
}

func setUp(t *testing.T, s *Server, setup, path string) {
	t.Helper()
	u := s.find("self")
	x := &session{id: AppID, name: "heliograph", pair: pair{"Available", "Available"}, set: s.now(), expires: s.now().Add(time.Hour), fades: true}
	switch setup {
	case "", "no session":
	case "session exists":
		u.put(x)
		u.put(&session{name: "Teams", pair: pair{"Away", "Away"}, set: s.now()})
	case "only this session exists":
		u.put(x)
	case "session expired":
		u.put(x)
		if err := s.advance(time.Hour); err != nil {
			t.Fatal(err)
		}
	case "cleared just before":
		u.put(x)
		c := client{t, httptestURL(t, s), authFor(t, s, "delegated-self")}
		if status, text, _ := c.do("POST", "/v1.0"+path, []byte(`{"sessionId":"`+AppID+`"}`), nil); status != 200 {
			t.Fatalf("first clear: %d %s", status, text)
		}
	default:
		t.Fatalf("unknown setup %q", setup)
	}
}

func httptestURL(t *testing.T, s *Server) string {
	srv := httptest.NewServer(s.handler())
	t.Cleanup(srv.Close)
	return srv.URL
}

// repeatGUIDs replaces {"$repeat_guid": n} by n ids.
func repeatGUIDs(body []byte) []byte {
	var in struct {
		IDs struct {
			N int `json:"$repeat_guid"`
		} `json:"ids"`
	}
	if json.Unmarshal(body, &in) != nil || in.IDs.N == 0 {
		return body
	}
	ids := make([]string, in.IDs.N)
	for i := range ids {
		ids[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	}
	out, _ := json.Marshal(map[string]any{"ids": ids})
	return out
}

func checkEnvelope(t *testing.T, text string, h http.Header, code *string, message string) {
	t.Helper()
	var e struct {
		Error struct {
			Code, Message string
			InnerError    map[string]string
		}
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatalf("no envelope: %v: %s", err, text)
	}
	if code != nil && e.Error.Code != *code {
		t.Errorf("code %q, want %q", e.Error.Code, *code)
	}
	if message != "" && e.Error.Message != message {
		t.Errorf("message %q, want %q", e.Error.Message, message)
	}
	if id := e.Error.InnerError["request-id"]; !guid.MatchString(id) || id != h.Get("request-id") {
		t.Errorf("request-id %q", id)
	}
}

func TestVectorTimelines(t *testing.T) {
	for _, line := range loadVectors(t).Timelines {
		if len(line.Steps) == 0 {
			continue // a rule without steps: TestAggregation and TestPreferredDefaults test it
		}
		t.Run(strings.ReplaceAll(line.Name, " ", "_"), func(t *testing.T) {
			s := New(Options{})
			c := client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}
			var at time.Duration
			for _, step := range line.Steps {
				due, err := time.ParseDuration(step.T)
				if err != nil {
					t.Fatal(err)
				}
				// An hour's token must not expire during the timeline.
				if err := s.advance(due - at); err != nil {
					t.Fatal(err)
				}
				at, c.value = due, authFor(t, s, "delegated-self")
				if step.Do != "" {
					act(c, step.Do)
				}
				if step.Get == "" {
					continue
				}
				_, text, _ := c.do("GET", "/me/presence", nil, nil)
				var got struct{ Availability, Activity string }
				if err := json.Unmarshal([]byte(text), &got); err != nil {
					t.Fatal(err)
				}
				if got.Availability+"/"+got.Activity != step.Get {
					t.Errorf("at %s %s/%s, want %s", step.T, got.Availability, got.Activity, step.Get)
				}
			}
		})
	}
}

// act carries out "setPresence Busy/InACall PT5M".
func act(c client, do string) {
	c.t.Helper()
	words := strings.Fields(do)
	availability, activity, _ := strings.Cut(words[1], "/")
	body := map[string]string{"availability": availability, "activity": activity}
	if len(words) > 2 {
		body["expirationDuration"] = words[2]
	}
	if words[0] == "setPresence" {
		body["sessionId"] = AppID
	}
	raw, _ := json.Marshal(body)
	if status, text, _ := c.do("POST", "/users/"+SelfID+"/presence/"+words[0], raw, nil); status != 200 {
		c.t.Fatalf("%s: %d %s", do, status, text)
	}
}

func TestAggregation(t *testing.T) {
	order := []pair{{"DoNotDisturb", "Presenting"}, {"Busy", "InACall"}, {"Available", "Available"}, {"Away", "Away"}}
	for i, high := range order {
		for _, low := range order[i:] {
			s := New(Options{})
			for n, p := range []pair{low, high, low} {
				if err := s.SetSession(SessionRequest{Name: fmt.Sprint("client ", n), Availability: p.availability, Activity: p.activity}); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.User("self").Shown; got.Availability != high.availability {
				t.Errorf("%v beside %v shows %s", high, low, got.Availability)
			}
		}
	}
}

func TestPreferredDefaults(t *testing.T) {
	for _, p := range preferable {
		s := New(Options{})
		c := client{t, httptestURL(t, s) + "/beta", authFor(t, s, "application")}
		act(c, "setUserPreferredPresence "+p.availability+"/"+p.activity)
		want := 7 * 24 * time.Hour
		if p.availability == "Busy" || p.availability == "DoNotDisturb" {
			want = 24 * time.Hour
		}
		got := s.User("self").Preferred
		if got == nil || got.Expires.Sub(got.Set) != want {
			t.Errorf("%v: %+v", p, got)
		}
	}
}

func TestProfileBeta2021(t *testing.T) {
	s := New(Options{Profile: Beta2021})
	c := client{t, httptestURL(t, s) + "/beta", authFor(t, s, "application")}
	act(c, "setPresence Available/Available")
	for _, want := range []string{"Available", "AvailableInactive", "Away", "Offline"} {
		if got := s.User("self").Shown.Activity; got != want {
			t.Errorf("shows %s, want %s", got, want)
		}
		if err := s.advance(5 * time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	for name, refused := range map[string]struct {
		auth, body string
		status     int
	}{
		"presenting": {"application", `{"sessionId":"` + AppID + `","availability":"DoNotDisturb","activity":"Presenting"}`, 400},
		"expiration": {"application", `{"sessionId":"` + AppID + `","availability":"Busy","activity":"InACall","expirationDuration":"PT1H"}`, 400},
		"delegated":  {"delegated-self", `{"sessionId":"` + AppID + `","availability":"Busy","activity":"InACall"}`, 403},
	} {
		c.value = authFor(t, s, refused.auth)
		if status, text, _ := c.do("POST", "/users/"+SelfID+"/presence/setPresence", []byte(refused.body), nil); status != refused.status {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}
