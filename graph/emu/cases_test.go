package emu

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

const (
	selfPresence = "/users/" + SelfID + "/presence"
	jsonMedia    = "application/json"
)

// bodyWith returns a body of setPresence with these members beside the session.
func bodyWith(members string) string { return `{"sessionId":"` + AppID + `",` + members + `}` }

// lastingBody returns a body of setPresence with an expirationDuration in JSON.
func lastingBody(duration string) string {
	return bodyWith(`"availability":"Busy","activity":"InACall","expirationDuration":` + duration)
}

var busyBody = lastingBody(`"PT1H"`)

// edges are requests at the edges of the contract, with the status and Graph's
// error code of their answers.
var edges = map[string]struct {
	method, path, body, media string
	status                    int
	code                      string
}{
	"upper_case_user":         {"POST", "/users/" + strings.ToUpper(SelfID) + "/presence/setPresence", busyBody, jsonMedia, 200, ""},
	"upper_case_session":      {"POST", selfPresence + "/setPresence", strings.Replace(busyBody, AppID, strings.ToUpper(AppID), 1), jsonMedia, 200, ""},
	"upper_case_values":       {"POST", selfPresence + "/setPresence", bodyWith(`"availability":"BUSY","activity":"INACALL"`), jsonMedia, 200, ""},
	"upper_case_path":         {"POST", "/Users/" + SelfID + "/Presence/SetPresence", busyBody, jsonMedia, 200, ""},
	"namespace":               {"POST", selfPresence + "/microsoft.graph.setPresence", busyBody, jsonMedia, 200, ""},
	"trailing_slash":          {"POST", selfPresence + "/setPresence/", busyBody, jsonMedia, 200, ""},
	"charset":                 {"POST", selfPresence + "/setPresence", busyBody, "application/json; charset=utf-8", 200, ""},
	"odata_media":             {"POST", selfPresence + "/setPresence", busyBody, "application/json;odata.metadata=minimal;odata.streaming=true", 200, ""},
	"media_upper_case":        {"POST", selfPresence + "/setPresence", busyBody, "Application/JSON", 200, ""},
	"no_media":                {"POST", selfPresence + "/setPresence", busyBody, "", 415, "UnsupportedMediaType"},
	"form":                    {"POST", selfPresence + "/setPresence", busyBody, "application/x-www-form-urlencoded", 415, "UnsupportedMediaType"},
	"annotation":              {"POST", selfPresence + "/setPresence", bodyWith(`"@odata.type":"#x","availability":"Busy","activity":"InACall"`), jsonMedia, 200, ""},
	"property_case":           {"POST", selfPresence + "/setPresence", bodyWith(`"Availability":"Busy","activity":"InACall"`), jsonMedia, 400, "BadRequest"},
	"twice":                   {"POST", selfPresence + "/setPresence", bodyWith(`"availability":"Busy","availability":"Busy","activity":"InACall"`), jsonMedia, 400, "BadRequest"},
	"activity_null":           {"POST", selfPresence + "/setPresence", bodyWith(`"availability":"Busy","activity":null`), jsonMedia, 400, "BadRequest"},
	"activity_list":           {"POST", selfPresence + "/setPresence", bodyWith(`"availability":"Busy","activity":["InACall"]`), jsonMedia, 400, "BadRequest"},
	"missing_before_null":     {"POST", selfPresence + "/setPresence", bodyWith(`"activity":null`), jsonMedia, 400, "BadRequest"},
	"session_null":            {"POST", selfPresence + "/setPresence", `{"sessionId":null,"availability":"Busy","activity":"InACall"}`, jsonMedia, 400, "InvalidArgument"},
	"session_number":          {"POST", selfPresence + "/setPresence", `{"sessionId":5,"availability":"Busy","activity":"InACall"}`, jsonMedia, 400, "BadRequest"},
	"session_number_bad_pair": {"POST", selfPresence + "/setPresence", `{"sessionId":5,"availability":"Busy","activity":"Busy"}`, jsonMedia, 400, "BadRequest"},
	"session_braces":          {"POST", selfPresence + "/setPresence", `{"sessionId":"{` + AppID + `}","availability":"Busy","activity":"InACall"}`, jsonMedia, 400, "InvalidArgument"},
	"bad_pair_bad_duration":   {"POST", selfPresence + "/setPresence", bodyWith(`"availability":"Busy","activity":"Busy","expirationDuration":"soon"`), jsonMedia, 400, "BadRequest"},
	"blank_body":              {"POST", selfPresence + "/setPresence", " \n", jsonMedia, 400, "BadRequest"},
	"null_body":               {"POST", selfPresence + "/setPresence", "null", jsonMedia, 400, "BadRequest"},
	"two_objects":             {"POST", selfPresence + "/setPresence", busyBody + busyBody, jsonMedia, 400, "BadRequest"},
	"bom":                     {"POST", selfPresence + "/setPresence", "\ufeff" + busyBody, jsonMedia, 400, "BadRequest"},
	"latin1":                  {"POST", selfPresence + "/setStatusMessage", "{\"statusMessage\":\"\xe4\"}", jsonMedia, 400, "BadRequest"},
	"zero_days":               {"POST", selfPresence + "/setPresence", lastingBody(`"P0DT5M"`), jsonMedia, 200, ""},
	"plus":                    {"POST", selfPresence + "/setPresence", lastingBody(`"+PT5M"`), jsonMedia, 200, ""},
	"fraction":                {"POST", selfPresence + "/setPresence", lastingBody(`"PT300.5S"`), jsonMedia, 200, ""},
	"fraction_below":          {"POST", selfPresence + "/setPresence", lastingBody(`"PT299.9S"`), jsonMedia, 400, "InvalidArgument"},
	"fraction_above":          {"POST", selfPresence + "/setPresence", lastingBody(`"PT4H0.5S"`), jsonMedia, 400, "InvalidArgument"},
	"fraction_of_minutes":     {"POST", selfPresence + "/setPresence", lastingBody(`"PT5.5M"`), jsonMedia, 400, "BadRequest"},
	"comma":                   {"POST", selfPresence + "/setPresence", lastingBody(`"PT300,5S"`), jsonMedia, 400, "BadRequest"},
	"week":                    {"POST", selfPresence + "/setPresence", lastingBody(`"P1W"`), jsonMedia, 400, "BadRequest"},
	"year":                    {"POST", selfPresence + "/setPresence", lastingBody(`"P1Y"`), jsonMedia, 400, "BadRequest"},
	"bare_p":                  {"POST", selfPresence + "/setPresence", lastingBody(`"P"`), jsonMedia, 400, "BadRequest"},
	"bare_t":                  {"POST", selfPresence + "/setPresence", lastingBody(`"P1DT"`), jsonMedia, 400, "BadRequest"},
	"wrong_order":             {"POST", selfPresence + "/setPresence", lastingBody(`"PT5M1H"`), jsonMedia, 400, "BadRequest"},
	"spaces":                  {"POST", selfPresence + "/setPresence", lastingBody(`" PT5M"`), jsonMedia, 400, "BadRequest"},
	"no_t":                    {"POST", selfPresence + "/setPresence", lastingBody(`"P5M"`), jsonMedia, 400, "BadRequest"},
	"huge":                    {"POST", selfPresence + "/setPresence", lastingBody(`"P999999999999999999999D"`), jsonMedia, 400, "InvalidArgument"},
	"duration_object":         {"POST", selfPresence + "/setPresence", lastingBody(`{}`), jsonMedia, 400, "BadRequest"},
	"option_on_action":        {"POST", selfPresence + "/setPresence?$select=id", busyBody, jsonMedia, 400, "BadRequest"},
	"option_escaped":          {"GET", "/me/presence?%24expand=x", "", "", 400, "BadRequest"},
	"plain_query":             {"GET", "/me/presence?x=1", "", "", 200, ""},
	"get_slash":               {"GET", "/me/presence/", "", "", 200, ""},
	"post_on_presence":        {"POST", "/me/presence", "{}", jsonMedia, 405, "MethodNotAllowed"},
	"patch":                   {"PATCH", selfPresence, "{}", jsonMedia, 405, "MethodNotAllowed"},
	"delete":                  {"DELETE", selfPresence + "/setPresence", "", "", 405, "MethodNotAllowed"},
	"get_many":                {"GET", "/communications/getPresencesByUserId", "", "", 405, "MethodNotAllowed"},
	"no_such_action":          {"POST", selfPresence + "/setMood", "{}", jsonMedia, 400, "BadRequest"},
	"no_such_segment":         {"GET", "/me/presences", "", "", 400, "BadRequest"},
	"too_deep":                {"GET", selfPresence + "/setPresence/x", "", "", 400, "BadRequest"},
	"unknown_user":            {"GET", "/users/00000000-0000-0000-0000-000000000009/presence", "", "", 404, "NotFound"},
	"clear_location_body":     {"POST", "/me/presence/clearLocation", "{}", jsonMedia, 200, ""},
	"clear_preferred_form":    {"POST", "/me/presence/clearUserPreferredPresence", "{}", "", 415, "UnsupportedMediaType"},
	"clear_preferred_extra":   {"POST", "/me/presence/clearUserPreferredPresence", `{"a":1}`, jsonMedia, 400, "BadRequest"},
	"preferred_negative":      {"POST", selfPresence + "/setUserPreferredPresence", `{"availability":"Busy","activity":"Busy","expirationDuration":"-PT1H"}`, jsonMedia, 400, "InvalidArgument"},
	"preferred_null":          {"POST", selfPresence + "/setUserPreferredPresence", `{"availability":"Busy","activity":"Busy","expirationDuration":null}`, jsonMedia, 200, ""},
	"preferred_lower_case":    {"POST", selfPresence + "/setUserPreferredPresence", `{"availability":"offline","activity":"offwork"}`, jsonMedia, 200, ""},
	"status_missing":          {"POST", selfPresence + "/setStatusMessage", `{}`, jsonMedia, 400, "InvalidArgument"},
	"status_text":             {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":"x"}`, jsonMedia, 400, "BadRequest"},
	"status_number":           {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":{"message":{"content":5}}}`, jsonMedia, 400, "BadRequest"},
	"status_extra":            {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x","mood":"good"}}}`, jsonMedia, 400, "BadRequest"},
	"status_annotated":        {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":{"@odata.type":"#microsoft.graph.presenceStatusMessage","message":{"@odata.type":"microsoft.graph.itemBody","content":"x"}}}`, jsonMedia, 200, ""},
	"status_null_message":     {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":{"message":null,"expiryDateTime":null}}`, jsonMedia, 200, ""},
	"status_windows_zone":     {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00.0000000","timeZone":"Pacific Standard Time"}}}`, jsonMedia, 200, ""},
	"status_bad_zone":         {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00","timeZone":"Mars/Base"}}}`, jsonMedia, 400, "InvalidArgument"},
	"status_no_zone":          {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00"}}}`, jsonMedia, 400, "InvalidArgument"},
	"status_zulu":             {"POST", selfPresence + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00Z","timeZone":"UTC"}}}`, jsonMedia, 400, "InvalidArgument"},
	"location_upper_case":     {"POST", "/me/presence/setManualLocation", `{"workLocationType":"OFFICE"}`, jsonMedia, 200, ""},
	"location_null":           {"POST", "/me/presence/setManualLocation", `{"workLocationType":null}`, jsonMedia, 400, "BadRequest"},
	"location_place_number":   {"POST", "/me/presence/setManualLocation", `{"workLocationType":"office","placeId":5}`, jsonMedia, 400, "BadRequest"},
	"many_unknown":            {"POST", "/communications/getPresencesByUserId", `{"ids":["00000000-0000-0000-0000-000000000009"]}`, jsonMedia, 200, ""},
	"many_text":               {"POST", "/communications/getPresencesByUserId", `{"ids":"` + SelfID + `"}`, jsonMedia, 400, "BadRequest"},
	"many_null":               {"POST", "/communications/getPresencesByUserId", `{"ids":null}`, jsonMedia, 400, "BadRequest"},
	"many_extra":              {"POST", "/communications/getPresencesByUserId", `{"ids":["` + SelfID + `"],"x":1}`, jsonMedia, 400, "BadRequest"},
	"many_option":             {"POST", "/communications/getPresencesByUserId?$top=1", `{"ids":["` + SelfID + `"]}`, jsonMedia, 400, "BadRequest"},
}

// TestEdgesOfTheContract holds cases beside graph-vectors.json: what a careless
// or an unusual client sends.
func TestEdgesOfTheContract(t *testing.T) {
	for name, c := range edges {
		t.Run(name, func(t *testing.T) {
			for _, version := range []string{"/v1.0", "/beta"} {
				s := New(Options{})
				value, err := s.IssueToken(TokenRequest{Scopes: []string{"Presence.ReadWrite", "Presence.Read.All"}})
				if err != nil {
					t.Fatal(err)
				}
				status, text, h := client{t, httptestURL(t, s) + version, value}.do(c.method, c.path, []byte(c.body), map[string]string{"Content-Type": c.media})
				if status != c.status {
					t.Fatalf("%d, want %d: %s", status, c.status, text)
				}
				if status >= 400 {
					checkEnvelope(t, text, h, &c.code, "")
				}
			}
		})
	}
}

func TestPackedBodies(t *testing.T) {
	busy := `{"sessionId":"` + AppID + `","availability":"Busy","activity":"InACall"}`
	for name, c := range map[string]struct {
		body   []byte
		coding string
		status int
	}{
		"packed":             {zipped(busy), "gzip", 200},
		"header_in_capitals": {zipped(busy), "GZIP", 200},
		"plain_under_gzip":   {[]byte(busy), "gzip", 200},
		"no_header":          {zipped(busy), "", 400},
		"cut":                {zipped(busy)[:30], "gzip", 400},
		"garbage_behind":     {append(zipped(busy), "xyz"...), "gzip", 400},
		"only_magic":         {[]byte{0x1f, 0x8b}, "gzip", 400},
		"bomb":               {zipped(strings.Repeat(" ", 20<<20)), "gzip", 413},
		"too_large":          {[]byte(strings.Repeat(" ", maxBody+1)), "", 413},
	} {
		s := New(Options{})
		status, text, _ := client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}.do("POST", "/me/presence/setPresence", c.body, map[string]string{"Content-Encoding": c.coding})
		if status != c.status {
			t.Errorf("%s: %d, want %d: %s", name, status, c.status, text)
		}
	}
}

func TestAnswersFollowTheClock(t *testing.T) {
	s := stopped()
	if err := s.advance(48 * time.Hour); err != nil {
		t.Fatal(err)
	}
	c := client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}
	status, text, h := c.do("POST", "/me/presence/setPresence", []byte(`{}`), map[string]string{"client-request-id": "0F8FAD5B-D9CB-469F-A165-70867728950E"})
	var e struct {
		Error struct{ InnerError map[string]string }
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil || status != 400 {
		t.Fatal(status, text, err)
	}
	in := e.Error.InnerError
	if in["date"] != "2026-03-04T09:00:00" || h.Get("Date") != "Wed, 04 Mar 2026 09:00:00 GMT" {
		t.Errorf("date %s and %s", in["date"], h.Get("Date"))
	}
	if in["client-request-id"] != "0F8FAD5B-D9CB-469F-A165-70867728950E" || h.Get("client-request-id") != in["client-request-id"] || h.Get("x-ms-ags-diagnostic") == "" {
		t.Errorf("ids %v, headers %v", in, h)
	}
}

func TestHeadAnswersWithoutBody(t *testing.T) {
	s := New(Options{})
	status, text, h := client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}.do("HEAD", "/me/presence", nil, nil)
	if status != 200 || text != "" || h.Get("Content-Type") != "application/json" {
		t.Errorf("%d %q %v", status, text, h)
	}
}

func TestTokenForAnotherResource(t *testing.T) {
	s := New(Options{})
	value, err := s.IssueToken(TokenRequest{Scopes: []string{"https://vault.azure.net/Presence.ReadWrite"}})
	if err != nil {
		t.Fatal(err)
	}
	status, text, h := client{t, httptestURL(t, s) + "/v1.0", value}.do("GET", "/me/presence", nil, nil)
	code := "InvalidAuthenticationToken"
	if checkEnvelope(t, text, h, &code, "Access token validation failure. Invalid audience."); status != 401 {
		t.Errorf("%d %s", status, text)
	}
}

func TestThrottlingIsPerApplication(t *testing.T) {
	s := New(Options{throttle: throttle{requests: 3, window: 30 * time.Second}, now: func() time.Time { return time.Unix(1e9, 0) }})
	base := httptestURL(t, s) + "/v1.0"
	one := client{t, base, authFor(t, s, "delegated-self")}
	other, err := s.IssueToken(TokenRequest{App: "11111111-2222-3333-4444-555555555555"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		status, text, h := one.do("GET", "/me/presence", nil, nil)
		if want := map[bool]int{true: 200, false: 429}[i < 3]; status != want || (status == 429) != (h.Get("Retry-After") == "30") {
			t.Errorf("request %d: %d %s, Retry-After %q", i, status, text, h.Get("Retry-After"))
		}
	}
	if status, text, _ := (client{t, base, other}).do("GET", "/me/presence", nil, nil); status != 200 {
		t.Errorf("another application: %d %s", status, text)
	}
	if err := s.advance(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	if status, text, _ := one.do("GET", "/me/presence", nil, nil); status != 200 {
		t.Errorf("after the window: %d %s", status, text)
	}
}

// postBusy sets Busy on a connection of its own, and returns the status of the
// answer; 0: there was none.
func postBusy(t *testing.T, s *Server, base string) int {
	req, err := http.NewRequest("POST", base+"/v1.0/me/presence/setPresence", strings.NewReader(bodyWith(`"availability":"Busy","activity":"InACall"`)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+authFor(t, s, "delegated-self"))
	req.Header.Set("Content-Type", jsonMedia)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault        string
		first, later int // statuses; 0: no answer
		counted      bool
	}{
		"status":       {`{"status":429,"code":"Slow","retryAfter":7,"path":"/setPresence","method":"POST","times":1}`, 429, 200, false},
		"twice":        {`{"status":503,"times":2}`, 503, 503, false},
		"dropped":      {`{"drop":true,"times":1}`, 0, 200, false},
		"lost":         {`{"lose":true,"times":1}`, 0, 200, true},
		"other_path":   {`{"status":500,"path":"/clearPresence"}`, 200, 200, true},
		"other_method": {`{"status":500,"method":"GET"}`, 200, 200, true},
		"pattern":      {`{"status":500,"path":"/v1.0/*/presence/*","times":1}`, 500, 200, false},
		"delay":        {`{"delay":"20ms","times":1}`, 200, 200, true},
		"for_a_while":  {`{"status":500,"for":"10m"}`, 500, 500, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := stopped()
			base := httptestURL(t, s)
			c1 := client{t, base, ""}
			if status, text, _ := c1.do("POST", "/_emulator/faults", []byte(c.fault), nil); status != 200 {
				t.Fatal(status, text)
			}
			ask := func() int { return postBusy(t, s, base) }
			if got := ask(); got != c.first {
				t.Errorf("first %d, want %d", got, c.first)
			}
			if counted := s.User("self").Shown.Availability == "Busy"; counted != c.counted {
				t.Errorf("the request counted: %v", counted)
			}
			if got := ask(); got != c.later {
				t.Errorf("then %d, want %d", got, c.later)
			}
			if err := s.advance(10 * time.Minute); err != nil {
				t.Fatal(err)
			}
			if name == "for_a_while" {
				if got := ask(); got != 200 {
					t.Errorf("after its time %d", got)
				}
			}
			statuses := fmt.Sprint(s.Requests()[0].Status)
			if want := fmt.Sprint(c.first); statuses != want {
				t.Errorf("the log says %s, want %s", statuses, want)
			}
		})
	}
}
