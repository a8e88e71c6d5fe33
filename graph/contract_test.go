package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is one version of Microsoft's description of presence: its paths
// say which requests exist, its schemas what they and their answers hold.
type contract struct {
	server     string // what every address begins with
	operations []*operation
}

// operation is one method of one path.
type operation struct {
	id, method   string
	segments     []string           // of the path; one like {user-id} matches any
	request      *jsonschema.Schema // of the body; nil: the operation takes none
	bodyRequired bool
	answers      map[string]*jsonschema.Schema // by status, as in 200 or 4XX; nil: no content
	pairs        [][2]string                   // the availabilities and activities that are accepted; none: any
	low, high    string                        // bounds of expirationDuration; empty: none
}

// document is the part of an OpenAPI document that says what exists.
type document struct {
	Servers []struct{ URL string }
	Paths   map[string]map[string]struct {
		OperationID string
		RequestBody *struct {
			Required bool
			Content  map[string]any
		}
		Responses map[string]struct{ Content map[string]any }
		Pairs     [][2]string               `json:"x-allowed-pairs"`
		Duration  struct{ Min, Max string } `json:"x-expirationDuration"`
	}
}

const media = "application/json" // the only one that the document knows

func readContract(t *testing.T, version string) *contract {
	t.Helper()
	raw, err := os.ReadFile("testdata/presence-openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var versions map[string]json.RawMessage
	if err := json.Unmarshal(raw, &versions); err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(versions[version], &d); err != nil {
		t.Fatal(err)
	}
	schemas, err := jsonschema.UnmarshalJSON(bytes.NewReader(versions[version]))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("presence.json", strict(schemas)); err != nil {
		t.Fatal(err)
	}
	c := &contract{server: d.Servers[0].URL}
	for path, methods := range d.Paths {
		for method, o := range methods {
			at := []string{"paths", path, method}
			op := &operation{id: o.OperationID, method: strings.ToUpper(method), segments: strings.Split(path, "/"),
				answers: map[string]*jsonschema.Schema{}, pairs: o.Pairs, low: o.Duration.Min, high: o.Duration.Max}
			if o.RequestBody != nil {
				op.bodyRequired = o.RequestBody.Required
				op.request = compile(t, compiler, append(at, "requestBody")...)
			}
			for status, answer := range o.Responses {
				op.answers[status] = nil
				if len(answer.Content) > 0 {
					op.answers[status] = compile(t, compiler, append(at, "responses", status)...)
				}
			}
			c.operations = append(c.operations, op)
		}
	}
	return c
}

// compile reads the schema of the content beneath a place in the document.
func compile(t *testing.T, c *jsonschema.Compiler, at ...string) *jsonschema.Schema {
	t.Helper()
	pointer := ""
	for _, key := range append(slices.Clone(at), "content", media, "schema") {
		pointer += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	}
	s, err := c.Compile("presence.json#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// strict spells OpenAPI 3.0's "nullable", which the document uses, as JSON
// Schema does, and refuses what an action does not declare: Graph does so, the
// document does not say it.
func strict(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = strict(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = strict(v[k])
		}
		if kind, ok := v["type"].(string); ok && v["nullable"] == true {
			v["type"] = []any{kind, "null"}
		}
		if body, ok := v["requestBody"].(map[string]any); ok {
			body["content"].(map[string]any)[media].(map[string]any)["schema"].(map[string]any)["additionalProperties"] = false
		}
	}
	return v
}

// find returns the operation of a request. Presence has no parameters but those
// of the path, so a request with a query has none.
func (c *contract) find(r *http.Request) (*operation, error) {
	path, ok := strings.CutPrefix(r.URL.Scheme+"://"+r.URL.Host+r.URL.Path, c.server)
	if !ok || r.URL.RawQuery != "" {
		return nil, fmt.Errorf("%s %s is not in the document", r.Method, r.URL)
	}
	segments := strings.Split(path, "/")
	for _, o := range c.operations {
		if o.method == r.Method && slices.EqualFunc(o.segments, segments, func(want, got string) bool {
			return want == got || strings.HasPrefix(want, "{") && got != ""
		}) {
			return o, nil
		}
	}
	return nil, fmt.Errorf("%s %s is not in the document", r.Method, r.URL)
}

// checkRequest reports what in a request contradicts the document.
func (o *operation) checkRequest(h http.Header, body []byte) error {
	if o.request == nil || len(body) == 0 {
		if o.bodyRequired {
			return errors.New("the body is missing")
		}
		if text := string(body); text != "" && text != "{}" {
			return fmt.Errorf("a body where none is declared: %s", text)
		}
		return nil
	}
	return errors.Join(checkContent(o.request, h, body), o.checkValues(body))
}

// checkAnswer reports what in an answer contradicts the document.
func (o *operation) checkAnswer(status int, h http.Header, body []byte) error {
	schema, ok := o.answers[fmt.Sprint(status)]
	if schema == nil && !ok {
		schema, ok = o.answers[fmt.Sprint(status/100)+"XX"]
	}
	switch {
	case !ok:
		return fmt.Errorf("the status %d is not in the document", status)
	case schema == nil && len(body) > 0 && status < 300:
		return fmt.Errorf("content where none is declared: %s", body)
	case schema == nil:
		return nil
	}
	return checkContent(schema, h, body)
}

func checkContent(s *jsonschema.Schema, h http.Header, body []byte) error {
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || kind != media {
		return fmt.Errorf("the Content-Type is %q", h.Get("Content-Type"))
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// checkValues checks the rules that JSON Schema cannot express.
func (o *operation) checkValues(body []byte) error {
	var in struct{ Availability, Activity, ExpirationDuration string }
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	if pair := [2]string{in.Availability, in.Activity}; len(o.pairs) > 0 && !slices.Contains(o.pairs, pair) {
		return fmt.Errorf("the pair %v is not allowed", pair)
	}
	if in.ExpirationDuration == "" {
		return nil
	}
	d, err := parseISO(in.ExpirationDuration)
	if err != nil {
		return err
	}
	for bound, outside := range map[string]func(limit time.Duration) bool{
		o.low:  func(limit time.Duration) bool { return d < limit },
		o.high: func(limit time.Duration) bool { return d > limit },
	} {
		if bound == "" {
			continue
		}
		limit, err := parseISO(bound)
		if err != nil {
			return err
		}
		if outside(limit) {
			return fmt.Errorf("the duration %s is beyond %s", in.ExpirationDuration, bound)
		}
	}
	return nil
}

// parseISO decodes an ISO 8601 duration of hours, minutes and seconds.
func parseISO(s string) (time.Duration, error) {
	return time.ParseDuration(strings.ToLower(strings.TrimPrefix(s, "PT")))
}

// lookUp returns the operation of a method and a path.
func (c *contract) lookUp(t *testing.T, method, path string) (*operation, error) {
	t.Helper()
	r, err := http.NewRequest(method, c.server+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.find(r)
}

// TestContractRefusesRequests holds that the contract refuses wrong requests.
func TestContractRefusesRequests(t *testing.T) {
	contract := readContract(t, "v1.0")
	header := http.Header{"Content-Type": {media}}
	const good = `{"sessionId":"x","availability":"Busy","activity":"InACall","expirationDuration":"PT1H"}`
	o, err := contract.lookUp(t, "POST", "/me/presence/setPresence")
	if err != nil || o.checkRequest(header, []byte(good)) != nil {
		t.Fatalf("a good request is refused: %v, %v", err, o.checkRequest(header, []byte(good)))
	}
	if o.checkRequest(http.Header{"Content-Type": {"text/plain"}}, []byte(good)) == nil {
		t.Error("a body that is not JSON passes")
	}
	for _, c := range []struct{ path, body string }{
		{"/me/presence/setPresence", ``},
		{"/me/presence/setPresence", `{"sessionId":"x","availability":"Busy"}`},
		{"/me/presence/setPresence", `{"sessionId":"x","availability":5,"activity":"InACall"}`},
		{"/me/presence/setPresence", `{"sessionId":"x","availability":"Busy","activity":"Busy"}`},
		{"/me/presence/setPresence", `{"sessionId":"x","availability":"Busy","activity":"InACall","mood":"good"}`},
		{"/me/presence/setPresence", strings.Replace(good, "PT1H", "PT4M", 1)},
		{"/me/presence/setPresence", strings.Replace(good, "PT1H", "PT5H", 1)},
		{"/me/presence/setPresence", strings.Replace(good, "PT1H", "soon", 1)},
		{"/users/x/presence/setStatusMessage", `{"statusMessage":"hello"}`},
		{"/me/presence/setManualLocation", `{"workLocationType":"beach"}`},
		{"/me/presence/clearLocation", `{"mood":"good"}`},
	} {
		o, err := contract.lookUp(t, "POST", c.path)
		if err != nil {
			t.Fatal(err)
		}
		if o.checkRequest(header, []byte(c.body)) == nil {
			t.Errorf("%s %s passes", c.path, c.body)
		}
	}
	for _, r := range [][2]string{{"POST", "/me/presence/setMood"}, {"GET", "/me/presence/setPresence"}, {"GET", "/users//presence"}, {"GET", "/me/presence?x=1"}} {
		if _, err := contract.lookUp(t, r[0], r[1]); err == nil {
			t.Errorf("%s %s is found", r[0], r[1])
		}
	}
	if o.checkAnswer(200, header, []byte(`{}`)) == nil {
		t.Error("an answer with content passes where none is declared")
	}
}

// TestContractRefusesAnswers holds that the contract refuses wrong answers.
func TestContractRefusesAnswers(t *testing.T) {
	read, err := readContract(t, "v1.0").lookUp(t, "GET", "/users/x/presence")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		body   string
	}{
		{200, ``}, {200, `[]`}, {200, `{"availability":5}`}, {200, `{"workLocation":{"workLocationType":"office"}}`}, {302, ``},
		{403, `{"error":{"code":5,"message":"x"}}`}, {503, `{}`},
	} {
		if read.checkAnswer(c.status, http.Header{"Content-Type": {media}}, []byte(c.body)) == nil {
			t.Errorf("the answer %d %s passes", c.status, c.body)
		}
	}
}
