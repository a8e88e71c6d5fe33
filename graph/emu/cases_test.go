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

// TestEdgesOfTheContract holds cases beside graph-vectors.json: what a careless
// or an unusual client sends.
func TestEdgesOfTheContract(t *testing.T) {
	set := func(rest string) string { return `{"sessionId":"` + AppID + `",` + rest + `}` }
	busy := set(`"availability":"Busy","activity":"InACall","expirationDuration":"PT1H"`)
	lasting := func(d string) string {
		return set(`"availability":"Busy","activity":"InACall","expirationDuration":` + d)
	}
	const users = "/users/" + SelfID + "/presence"
	json1 := "application/json"
	for name, c := range map[string]struct {
		method, path, body, media string
		status                    int
		code                      string
	}{
		"upper_case_user":         {"POST", "/users/" + strings.ToUpper(SelfID) + "/presence/setPresence", busy, json1, 200, ""},
		"upper_case_session":      {"POST", users + "/setPresence", strings.Replace(busy, AppID, strings.ToUpper(AppID), 1), json1, 200, ""},
		"upper_case_values":       {"POST", users + "/setPresence", set(`"availability":"BUSY","activity":"INACALL"`), json1, 200, ""},
		"upper_case_path":         {"POST", "/Users/" + SelfID + "/Presence/SetPresence", busy, json1, 200, ""},
		"namespace":               {"POST", users + "/microsoft.graph.setPresence", busy, json1, 200, ""},
		"trailing_slash":          {"POST", users + "/setPresence/", busy, json1, 200, ""},
		"charset":                 {"POST", users + "/setPresence", busy, "application/json; charset=utf-8", 200, ""},
		"odata_media":             {"POST", users + "/setPresence", busy, "application/json;odata.metadata=minimal;odata.streaming=true", 200, ""},
		"media_upper_case":        {"POST", users + "/setPresence", busy, "Application/JSON", 200, ""},
		"no_media":                {"POST", users + "/setPresence", busy, "", 415, "UnsupportedMediaType"},
		"form":                    {"POST", users + "/setPresence", busy, "application/x-www-form-urlencoded", 415, "UnsupportedMediaType"},
		"annotation":              {"POST", users + "/setPresence", set(`"@odata.type":"#x","availability":"Busy","activity":"InACall"`), json1, 200, ""},
		"property_case":           {"POST", users + "/setPresence", set(`"Availability":"Busy","activity":"InACall"`), json1, 400, "BadRequest"},
		"twice":                   {"POST", users + "/setPresence", set(`"availability":"Busy","availability":"Busy","activity":"InACall"`), json1, 400, "BadRequest"},
		"activity_null":           {"POST", users + "/setPresence", set(`"availability":"Busy","activity":null`), json1, 400, "BadRequest"},
		"activity_list":           {"POST", users + "/setPresence", set(`"availability":"Busy","activity":["InACall"]`), json1, 400, "BadRequest"},
		"missing_before_null":     {"POST", users + "/setPresence", set(`"activity":null`), json1, 400, "BadRequest"},
		"session_null":            {"POST", users + "/setPresence", `{"sessionId":null,"availability":"Busy","activity":"InACall"}`, json1, 400, "InvalidArgument"},
		"session_number":          {"POST", users + "/setPresence", `{"sessionId":5,"availability":"Busy","activity":"InACall"}`, json1, 400, "BadRequest"},
		"session_number_bad_pair": {"POST", users + "/setPresence", `{"sessionId":5,"availability":"Busy","activity":"Busy"}`, json1, 400, "BadRequest"},
		"session_braces":          {"POST", users + "/setPresence", `{"sessionId":"{` + AppID + `}","availability":"Busy","activity":"InACall"}`, json1, 400, "InvalidArgument"},
		"bad_pair_bad_duration":   {"POST", users + "/setPresence", set(`"availability":"Busy","activity":"Busy","expirationDuration":"soon"`), json1, 400, "BadRequest"},
		"blank_body":              {"POST", users + "/setPresence", " \n", json1, 400, "BadRequest"},
		"null_body":               {"POST", users + "/setPresence", "null", json1, 400, "BadRequest"},
		"two_objects":             {"POST", users + "/setPresence", busy + busy, json1, 400, "BadRequest"},
		"bom":                     {"POST", users + "/setPresence", "\ufeff" + busy, json1, 400, "BadRequest"},
		"latin1":                  {"POST", users + "/setStatusMessage", "{\"statusMessage\":\"\xe4\"}", json1, 400, "BadRequest"},
		"zero_days":               {"POST", users + "/setPresence", lasting(`"P0DT5M"`), json1, 200, ""},
		"plus":                    {"POST", users + "/setPresence", lasting(`"+PT5M"`), json1, 200, ""},
		"fraction":                {"POST", users + "/setPresence", lasting(`"PT300.5S"`), json1, 200, ""},
		"fraction_below":          {"POST", users + "/setPresence", lasting(`"PT299.9S"`), json1, 400, "InvalidArgument"},
		"fraction_above":          {"POST", users + "/setPresence", lasting(`"PT4H0.5S"`), json1, 400, "InvalidArgument"},
		"fraction_of_minutes":     {"POST", users + "/setPresence", lasting(`"PT5.5M"`), json1, 400, "BadRequest"},
		"comma":                   {"POST", users + "/setPresence", lasting(`"PT300,5S"`), json1, 400, "BadRequest"},
		"week":                    {"POST", users + "/setPresence", lasting(`"P1W"`), json1, 400, "BadRequest"},
		"year":                    {"POST", users + "/setPresence", lasting(`"P1Y"`), json1, 400, "BadRequest"},
		"bare_p":                  {"POST", users + "/setPresence", lasting(`"P"`), json1, 400, "BadRequest"},
		"bare_t":                  {"POST", users + "/setPresence", lasting(`"P1DT"`), json1, 400, "BadRequest"},
		"wrong_order":             {"POST", users + "/setPresence", lasting(`"PT5M1H"`), json1, 400, "BadRequest"},
		"spaces":                  {"POST", users + "/setPresence", lasting(`" PT5M"`), json1, 400, "BadRequest"},
		"no_t":                    {"POST", users + "/setPresence", lasting(`"P5M"`), json1, 400, "BadRequest"},
		"huge":                    {"POST", users + "/setPresence", lasting(`"P999999999999999999999D"`), json1, 400, "InvalidArgument"},
		"duration_object":         {"POST", users + "/setPresence", lasting(`{}`), json1, 400, "BadRequest"},
		"option_on_action":        {"POST", users + "/setPresence?$select=id", busy, json1, 400, "BadRequest"},
		"option_escaped":          {"GET", "/me/presence?%24expand=x", "", "", 400, "BadRequest"},
		"plain_query":             {"GET", "/me/presence?x=1", "", "", 200, ""},
		"get_slash":               {"GET", "/me/presence/", "", "", 200, ""},
		"post_on_presence":        {"POST", "/me/presence", "{}", json1, 405, "MethodNotAllowed"},
		"patch":                   {"PATCH", users, "{}", json1, 405, "MethodNotAllowed"},
		"delete":                  {"DELETE", users + "/setPresence", "", "", 405, "MethodNotAllowed"},
		"get_many":                {"GET", "/communications/getPresencesByUserId", "", "", 405, "MethodNotAllowed"},
		"no_such_action":          {"POST", users + "/setMood", "{}", json1, 400, "BadRequest"},
		"no_such_segment":         {"GET", "/me/presences", "", "", 400, "BadRequest"},
		"too_deep":                {"GET", users + "/setPresence/x", "", "", 400, "BadRequest"},
		"unknown_user":            {"GET", "/users/00000000-0000-0000-0000-000000000009/presence", "", "", 404, "NotFound"},
		"clear_location_body":     {"POST", "/me/presence/clearLocation", "{}", json1, 200, ""},
		"clear_preferred_form":    {"POST", "/me/presence/clearUserPreferredPresence", "{}", "", 415, "UnsupportedMediaType"},
		"clear_preferred_extra":   {"POST", "/me/presence/clearUserPreferredPresence", `{"a":1}`, json1, 400, "BadRequest"},
		"preferred_negative":      {"POST", users + "/setUserPreferredPresence", `{"availability":"Busy","activity":"Busy","expirationDuration":"-PT1H"}`, json1, 400, "InvalidArgument"},
		"preferred_null":          {"POST", users + "/setUserPreferredPresence", `{"availability":"Busy","activity":"Busy","expirationDuration":null}`, json1, 200, ""},
		"preferred_lower_case":    {"POST", users + "/setUserPreferredPresence", `{"availability":"offline","activity":"offwork"}`, json1, 200, ""},
		"status_missing":          {"POST", users + "/setStatusMessage", `{}`, json1, 400, "InvalidArgument"},
		"status_text":             {"POST", users + "/setStatusMessage", `{"statusMessage":"x"}`, json1, 400, "BadRequest"},
		"status_number":           {"POST", users + "/setStatusMessage", `{"statusMessage":{"message":{"content":5}}}`, json1, 400, "BadRequest"},
		"status_extra":            {"POST", users + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x","mood":"good"}}}`, json1, 400, "BadRequest"},
		"status_annotated":        {"POST", users + "/setStatusMessage", `{"statusMessage":{"@odata.type":"#microsoft.graph.presenceStatusMessage","message":{"@odata.type":"microsoft.graph.itemBody","content":"x"}}}`, json1, 200, ""},
		"status_null_message":     {"POST", users + "/setStatusMessage", `{"statusMessage":{"message":null,"expiryDateTime":null}}`, json1, 200, ""},
		"status_windows_zone":     {"POST", users + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00.0000000","timeZone":"Pacific Standard Time"}}}`, json1, 200, ""},
		"status_bad_zone":         {"POST", users + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00","timeZone":"Mars/Base"}}}`, json1, 400, "InvalidArgument"},
		"status_no_zone":          {"POST", users + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00"}}}`, json1, 400, "InvalidArgument"},
		"status_zulu":             {"POST", users + "/setStatusMessage", `{"statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00Z","timeZone":"UTC"}}}`, json1, 400, "InvalidArgument"},
		"location_upper_case":     {"POST", "/me/presence/setManualLocation", `{"workLocationType":"OFFICE"}`, json1, 200, ""},
		"location_null":           {"POST", "/me/presence/setManualLocation", `{"workLocationType":null}`, json1, 400, "BadRequest"},
		"location_place_number":   {"POST", "/me/presence/setManualLocation", `{"workLocationType":"office","placeId":5}`, json1, 400, "BadRequest"},
		"many_unknown":            {"POST", "/communications/getPresencesByUserId", `{"ids":["00000000-0000-0000-0000-000000000009"]}`, json1, 200, ""},
		"many_text":               {"POST", "/communications/getPresencesByUserId", `{"ids":"` + SelfID + `"}`, json1, 400, "BadRequest"},
		"many_null":               {"POST", "/communications/getPresencesByUserId", `{"ids":null}`, json1, 400, "BadRequest"},
		"many_extra":              {"POST", "/communications/getPresencesByUserId", `{"ids":["` + SelfID + `"],"x":1}`, json1, 400, "BadRequest"},
		"many_option":             {"POST", "/communications/getPresencesByUserId?$top=1", `{"ids":["` + SelfID + `"]}`, json1, 400, "BadRequest"},
	} {
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
			ask := func() int {
				req, err := http.NewRequest("POST", base+"/v1.0/me/presence/setPresence", strings.NewReader(`{"sessionId":"`+AppID+`","availability":"Busy","activity":"InACall"}`))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+authFor(t, s, "delegated-self"))
				req.Header.Set("Content-Type", "application/json")
				resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
				if err != nil {
					return 0
				}
				resp.Body.Close()
				return resp.StatusCode
			}
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
