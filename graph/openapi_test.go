package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// contract is one version of the presence document, as Microsoft's metadata
// has it: its paths decide what exists.
func contract(t *testing.T, version string) routers.Router {
	t.Helper()
	raw, err := os.ReadFile("testdata/presence-openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var versions map[string]json.RawMessage
	if err := json.Unmarshal(raw, &versions); err != nil {
		t.Fatal(err)
	}
	var loose any
	if err := json.Unmarshal(versions[version], &loose); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(nullable(loose))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range doc.Paths.Map() {
		if item.Post == nil || item.Post.RequestBody == nil {
			continue
		}
		// Graph refuses what an action does not declare; the document does not say so.
		no := false
		item.Post.RequestBody.Value.Content["application/json"].Schema.Value.AdditionalProperties.Has = &no
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// nullable spells OpenAPI 3.0's "nullable", which the document uses, as its own
// version 3.1 does.
func nullable(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = nullable(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = nullable(v[k])
		}
		if kind, ok := v["type"].(string); ok && v["nullable"] == true {
			delete(v, "nullable")
			v["type"] = []any{kind, "null"}
		}
	}
	return v
}

// witness holds every request against the contract before it is answered, and
// every answer of the emulator too.
type witness struct {
	t      *testing.T
	router routers.Router
	next   http.RoundTripper

	mu   sync.Mutex
	seen map[string]int
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.String(), emulated.Graph) {
		return w.next.RoundTrip(r)
	}
	in, body := w.readable(r)
	route, params, err := w.router.FindRoute(in)
	if err != nil {
		w.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{Request: in, PathParams: params, Route: route}
	if err := openapi3filter.ValidateRequest(w.t.Context(), input); err != nil {
		w.t.Errorf("%s %s %s: %v", r.Method, r.URL.Path, body, err)
	}
	checkExtensions(w.t, route.Operation.Extensions, body)
	w.mu.Lock()
	w.seen[route.Operation.OperationID]++
	w.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	if err != nil {
		return nil, err
	}
	output := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header}
	if err := openapi3filter.ValidateResponse(w.t.Context(), output.SetBodyBytes(answer)); err != nil {
		w.t.Errorf("answer to %s %s: %v", r.Method, r.URL.Path, err)
	}
	return resp, nil
}

// readable is the request as the contract names it, with its body.
func (w *witness) readable(r *http.Request) (*http.Request, []byte) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			w.t.Fatal(err)
		}
	}
	address := strings.Replace(r.URL.String(), emulated.Graph, "https://graph.microsoft.com", 1)
	in, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, address, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	in.Header = r.Header
	return in, body
}

// checkExtensions knows the rules that OpenAPI has no words for.
func checkExtensions(t *testing.T, rules map[string]any, body []byte) {
	t.Helper()
	var in struct{ Availability, Activity, ExpirationDuration string }
	if len(body) > 0 && json.Unmarshal(body, &in) != nil {
		t.Fatalf("body %s", body)
	}
	if pairs, ok := rules["x-allowed-pairs"].([]any); ok {
		said := []any{in.Availability, in.Activity}
		if !slices.ContainsFunc(pairs, func(p any) bool { q, ok := p.([]any); return ok && slices.Equal(q, said) }) {
			t.Errorf("the pair %v is not allowed", said)
		}
	}
	limits, ok := rules["x-expirationDuration"].(map[string]any)
	if !ok || in.ExpirationDuration == "" {
		return
	}
	span := func(iso string) time.Duration {
		d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(iso, "PT")))
		if err != nil {
			t.Errorf("duration %q: %v", iso, err)
		}
		return d
	}
	d := span(in.ExpirationDuration)
	if low, ok := limits["min"].(string); ok && d < span(low) {
		t.Errorf("duration %s is below %s", in.ExpirationDuration, low)
	}
	if high, ok := limits["max"].(string); ok && d > span(high) {
		t.Errorf("duration %s is above %s", in.ExpirationDuration, high)
	}
}

// TestEveryRequestIsInTheContract makes every call that the app can make, with
// every pair and the durations at and beyond the bounds.
func TestEveryRequestIsInTheContract(t *testing.T) {
	for _, c := range []struct {
		name, api   string
		application bool
	}{{"v1", "v1.0", false}, {"beta", "beta", false}, {"application_v1", "v1.0", true}, {"application_beta", "beta", true}} {
		t.Run(c.name, func(t *testing.T) {
			s := emu.New(emu.Options{})
			w := &witness{t: t, router: contract(t, c.api), next: s.Transport(), seen: map[string]int{}}
			config := Config{ClientID: emu.AppID, Transport: w, API: c.api}
			if c.application {
				config = kiosk(s, c.api, Application{SecretFile: secretFile(t, emu.AppSecret)})
				config.Transport = w
			}
			a, err := Open(config, &MemoryVault{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.SignIn(t.Context(), Prompt{OpenURL: inBackground(emu.Browser(s.Transport(), "self"))}); err != nil {
				t.Fatal(err)
			}
			callAll(t, a.Client(), !c.application)
			want := 6
			if !c.application {
				want = 10 // the work location is a person's own
			}
			if len(w.seen) != want {
				t.Errorf("%d operations were used: %v", len(w.seen), w.seen)
			}
		})
	}
}

func callAll(t *testing.T, c *Client, locations bool) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	durations := []time.Duration{0, time.Second, 5*time.Minute - 1, 5 * time.Minute, 5*time.Minute + 1, 7*time.Minute + 30*time.Second,
		59 * time.Minute, time.Hour + time.Nanosecond, 4*time.Hour - time.Second, 4 * time.Hour, 4*time.Hour + 1, 400 * time.Hour, -time.Hour}
	for _, p := range []presence.Pair{presence.Available, presence.InACall, presence.Presenting, presence.Away, presence.InAMeeting} {
		for _, d := range durations {
			check("setPresence", c.SetPresence(ctx, p, d))
		}
	}
	for _, st := range presence.Statuses() {
		p := st.Preferred()
		if p.Zero() {
			continue
		}
		for _, d := range durations {
			check("setUserPreferredPresence", c.SetPreferred(ctx, p, d))
		}
	}
	check("clearUserPreferredPresence", c.ClearPreferred(ctx))
	for _, text := range []string{"", "In a call in Zoom", "ünïcode \"quoted\" \\ \n 🎧", strings.Repeat("x", 280)} {
		for _, until := range []time.Time{{}, time.Now().Add(time.Hour), time.Date(2030, 2, 28, 23, 59, 59, 999, time.FixedZone("odd", 20700))} {
			check("setStatusMessage", c.SetStatusMessage(ctx, text, until))
			got, err := c.Shown(ctx)
			check("GET presence", err)
			if got.Message != text || (text != "" && !until.IsZero() && got.MessageUntil.Sub(until).Abs() > time.Second) {
				t.Errorf("message %q until %s came back as %+v", text, until, got)
			}
		}
	}
	if locations {
		for _, l := range []Location{LocationUnspecified, LocationOffice, LocationRemote, LocationTimeOff} {
			for _, place := range []string{"", "eb706f15-137e-4722-b4d1-b601481d9251"} {
				check("setManualLocation", c.SetManualLocation(ctx, l, place))
				check("setAutomaticLocation", c.SetAutomaticLocation(ctx, l, place))
			}
		}
		check("clearAutomaticLocation", c.ClearAutomaticLocation(ctx))
		check("clearLocation", c.ClearLocation(ctx))
	}
	check("clearPresence", c.ClearPresence(ctx))
	check("clearPresence again", c.ClearPresence(ctx))
}

// TestContractRefuses shows that the judge can say no.
func TestContractRefuses(t *testing.T) {
	router := contract(t, "v1.0")
	for _, c := range []struct{ path, body string }{
		{"/me/presence/setPresence", `{"sessionId":"x","availability":"Busy"}`},
		{"/me/presence/setPresence", `{"sessionId":"x","availability":5,"activity":"InACall"}`},
		{"/me/presence/setPresence", `{"sessionId":"x","availability":"Busy","activity":"InACall","mood":"good"}`},
		{"/me/presence/setStatusMessage", `{"statusMessage":"hello"}`},
		{"/me/presence/setManualLocation", `{"workLocationType":"beach"}`},
	} {
		r, err := http.NewRequest("POST", "https://graph.microsoft.com/v1.0"+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Fatal(err)
		}
		if openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}) == nil {
			t.Errorf("%s %s passes", c.path, c.body)
		}
	}
	if r, err := http.NewRequest("POST", "https://graph.microsoft.com/v1.0/me/presence/setMood", nil); err != nil {
		t.Fatal(err)
	} else if _, _, err := router.FindRoute(r); err == nil {
		t.Error("an unknown path is found")
	}
}
