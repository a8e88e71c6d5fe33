// Command go makes every presence call of Microsoft's own Go client against an
// emulator, and writes what it sent and got. It is a module of its own:
// building the client takes gigabytes of memory, and it is not part of
// heliograph.
//
// usage: go EMULATOR RECORDING
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	auth "github.com/microsoft/kiota-authentication-azure-go"
	kiota "github.com/microsoft/kiota-http-go"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/communications"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
)

const (
	self  = "fa8bf3dc-eca7-46b7-bad1-db199b62afc3"
	other = "66825e03-7ef5-42da-9069-724602c31f6b"
	app   = "22553876-f5ab-4529-bffb-cfe50aa89f87"
	graph = "https://graph.microsoft.com"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go EMULATOR RECORDING")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "Go client:", err)
		os.Exit(1)
	}
}

// recorder sends what the client sends to Microsoft to the emulator, and keeps it.
type recorder struct {
	emulator string

	mu   sync.Mutex
	seen []entry
}

type entry struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	Status  int               `json:"status"`
}

func (r *recorder) RoundTrip(in *http.Request) (*http.Response, error) {
	var body []byte
	if in.Body != nil {
		var err error
		if body, err = io.ReadAll(in.Body); err != nil {
			return nil, err
		}
	}
	out, err := http.NewRequestWithContext(in.Context(), in.Method, r.emulator+in.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = in.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	e := entry{in.Method, in.URL.RequestURI(), map[string]string{}, body, resp.StatusCode}
	for k := range in.Header {
		if k = strings.ToLower(k); k != "authorization" && k != "client-request-id" {
			e.Headers[k] = in.Header.Get(k)
		}
	}
	r.mu.Lock()
	r.seen = append(r.seen, e)
	r.mu.Unlock()
	return resp, nil
}

// control calls the control interface of the emulator.
func (r *recorder) control(path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	method := http.MethodPost
	if in == nil {
		method, body = http.MethodGet, nil
	}
	req, err := http.NewRequest(method, r.emulator+"/_emulator/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// credential returns tokens of the emulator, a new one after a challenge.
type credential struct {
	r       *recorder
	revoked bool
	asked   []string // the claims
}

func (c *credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.asked = append(c.asked, o.Claims)
	var out struct{ Token string }
	in := map[string]any{"scopes": []string{"Presence.ReadWrite", "Presence.Read.All"}, "revoked": c.revoked && o.Claims == ""}
	err := c.r.control("token", in, &out)
	return azcore.AccessToken{Token: out.Token, ExpiresOn: time.Now().Add(time.Hour)}, err
}

// newClient makes the client as msgraph-sdk-go does, with its middleware, over the
// recorder.
func newClient(r *recorder, c *credential) (abstractions.RequestAdapter, error) {
	provider, err := auth.NewAzureIdentityAuthenticationProviderWithScopes(c, []string{graph + "/.default"})
	if err != nil {
		return nil, err
	}
	options := core.GraphClientOptions{GraphServiceLibraryVersion: "1.89.0"}
	abstractions.RegisterDefaultSerializer(func() serialization.SerializationWriterFactory { return kiotajson.NewJsonSerializationWriterFactory() })
	abstractions.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory { return kiotajson.NewJsonParseNodeFactory() })
	client := &http.Client{Transport: kiota.NewCustomTransportWithParentTransport(r, core.GetDefaultMiddlewaresWithOptions(&options)...)}
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(provider, options, nil, nil, client)
	if err != nil {
		return nil, err
	}
	adapter.SetBaseUrl(graph + "/v1.0")
	return adapter, nil
}

func user(a abstractions.RequestAdapter, id string) *users.ItemPresenceRequestBuilder {
	return users.NewUserItemRequestBuilderInternal(map[string]string{"baseurl": a.GetBaseUrl(), "user%2Did": id}, a).Presence()
}

func set(ctx context.Context, a abstractions.RequestAdapter, availability, activity, duration string) error {
	d, err := serialization.ParseISODuration(duration)
	if err != nil {
		return err
	}
	body, id := users.NewItemPresenceSetPresencePostRequestBody(), app
	body.SetSessionId(&id)
	body.SetAvailability(&availability)
	body.SetActivity(&activity)
	body.SetExpirationDuration(d)
	return user(a, self).SetPresence().Post(ctx, body, nil)
}

func run(emulator, recording string) error {
	r := &recorder{emulator: emulator}
	c := &credential{r: r}
	a, err := newClient(r, c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"calls", func() error { return calls(ctx, r, a) }},
		{"throttled", func() error { return throttled(ctx, r, a) }},
		{"challenged", func() error { return challenged(ctx, r, c, a) }},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	var out bytes.Buffer
	for _, e := range r.seen {
		if err := json.NewEncoder(&out).Encode(e); err != nil {
			return err
		}
	}
	fmt.Printf("Go client: %d requests\n", len(r.seen))
	return os.WriteFile(recording, out.Bytes(), 0o644)
}

// shows compares what colleagues see with what was wanted.
func (r *recorder) shows(want string) error {
	var state struct {
		Users []struct {
			Shown struct{ Availability, Activity string }
		}
	}
	if err := r.control("state", nil, &state); err != nil {
		return err
	}
	if got := state.Users[0].Shown.Availability + "/" + state.Users[0].Shown.Activity; got != want {
		return fmt.Errorf("shows %s, want %s", got, want)
	}
	return nil
}

func calls(ctx context.Context, r *recorder, a abstractions.RequestAdapter) error {
	mine := user(a, self)
	if err := errors.Join(set(ctx, a, "Busy", "InACall", "PT1H"), r.shows("Busy/InACall")); err != nil {
		return err
	}
	got, err := mine.Get(ctx, nil)
	if err != nil || *got.GetId() != self || *got.GetActivity() != "InACall" {
		return fmt.Errorf("GET: %+v, %w", got, err)
	}
	dnd := "DoNotDisturb"
	preferred := users.NewItemPresenceSetUserPreferredPresencePostRequestBody()
	preferred.SetAvailability(&dnd)
	preferred.SetActivity(&dnd)
	if err := errors.Join(mine.SetUserPreferredPresence().Post(ctx, preferred, nil), r.shows("DoNotDisturb/DoNotDisturb"),
		mine.ClearUserPreferredPresence().Post(ctx, nil), r.shows("Busy/InACall")); err != nil {
		return err
	}
	if err := message(ctx, mine); err != nil {
		return err
	}
	many := communications.NewGetPresencesByUserIdPostRequestBody()
	many.SetIds([]string{self, other})
	all, err := communications.NewCommunicationsRequestBuilderInternal(map[string]string{"baseurl": a.GetBaseUrl()}, a).GetPresencesByUserId().PostAsGetPresencesByUserIdPostResponse(ctx, many, nil)
	if err != nil || len(all.GetValue()) != 2 {
		return fmt.Errorf("getPresencesByUserId: %+v, %w", all, err)
	}
	id := app
	clear := users.NewItemPresenceClearPresencePostRequestBody()
	clear.SetSessionId(&id)
	if err := errors.Join(mine.ClearPresence().Post(ctx, clear, nil), r.shows("Offline/Offline")); err != nil {
		return err
	}
	var status interface{ GetStatusCode() int }
	if err := mine.ClearPresence().Post(ctx, clear, nil); !errors.As(err, &status) || status.GetStatusCode() != http.StatusNotFound {
		return fmt.Errorf("clear of what is gone: %w", err)
	}
	return nil
}

func message(ctx context.Context, mine *users.ItemPresenceRequestBuilder) error {
	text, at, zone, kind := "In a call", "2100-01-01T00:00:00.0000000", "UTC", models.TEXT_BODYTYPE
	item, until, status := models.NewItemBody(), models.NewDateTimeTimeZone(), models.NewPresenceStatusMessage()
	item.SetContent(&text)
	item.SetContentType(&kind)
	until.SetDateTime(&at)
	until.SetTimeZone(&zone)
	status.SetMessage(item)
	status.SetExpiryDateTime(until)
	body := users.NewItemPresenceSetStatusMessagePostRequestBody()
	body.SetStatusMessage(status)
	return mine.SetStatusMessage().Post(ctx, body, nil)
}

// throttled: the client waits and tries again.
func throttled(ctx context.Context, r *recorder, a abstractions.RequestAdapter) error {
	if err := r.control("faults", map[string]any{"status": 429, "retryAfter": 1, "times": 1}, &struct{}{}); err != nil {
		return err
	}
	return errors.Join(set(ctx, a, "Away", "Away", "PT5M"), r.shows("Away/Away"))
}

// challenged: the client asks for a token with the claims and tries again.
func challenged(ctx context.Context, r *recorder, c *credential, a abstractions.RequestAdapter) error {
	c.revoked, c.asked = true, nil
	if err := errors.Join(set(ctx, a, "Busy", "InACall", "PT1H"), r.shows("Busy/InACall")); err != nil {
		return err
	}
	if len(c.asked) != 2 || !strings.Contains(c.asked[1], "nbf") {
		return fmt.Errorf("requested tokens with claims %q", c.asked)
	}
	return nil
}
