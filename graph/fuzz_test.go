package graph

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
	"heliograph/graph/zone"
)

// written is a transport that gives the answer which a fuzzer wrote.
type written struct {
	status int
	header map[string]string
	body   []byte
}

func (w written) RoundTrip(r *http.Request) (*http.Response, error) {
	out := httptest.NewRecorder()
	for name, v := range w.header {
		out.Header().Set(name, v)
	}
	out.WriteHeader(w.status)
	_, _ = out.Write(w.body) // into memory
	resp := out.Result()
	resp.Request = r
	return resp, nil
}

// statusOf makes any number the status of an answer.
func statusOf(n uint16) int { return 200 + int(n)%400 }

// oneLine checks the text of an error, which gets into the log.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if s := err.Error(); len(s) > 1000 || strings.ContainsFunc(s, unicode.IsControl) {
		t.Errorf("the error is %q", s)
	}
	if a := Explain(err); len(a.Args) != adviceKeys[a.Key] {
		t.Errorf("%v is explained as %+v", err, a)
	}
}

// FuzzGraphAnswer: whatever answers in place of Graph, a read is a presence, a
// write is done by what has Graph's shape, a pause is within its bounds, nobody
// has to sign in, and no error quotes the token.
func FuzzGraphAnswer(f *testing.F) {
	const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.c2lnbmF0dXJl"
	claims := `Bearer error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(wanted)) + `"`
	for _, seed := range []struct {
		status                         uint16
		media, retry, challenge, bytes string
	}{
		{0, "application/json", "", "", shownNow}, {0, "text/html", "", "", page}, {0, "", "", "", ""}, {4, "", "", "", ""},
		{200, "application/json", "", "", `{"error":{"code":"InvalidArgument","innerError":{"request-id":"1"}}}`},
		{201, "application/json", "", claims, `{"error":{"code":"InvalidAuthenticationToken"}}`}, {229, "", "17", "", ""},
		{303, "text/plain", "Mon, 23 Nov 2026 09:01:30 GMT", "", token}, {200, "", "-1", `Bearer error="x"`, `{"error":{"code":"` + token[:40] + `"}}`},
		{0, "application/json", "", "", `{"availability":"Busy","activity":"Busy","statusMessage":{"message":{"content":"x"},"expiryDateTime":{"dateTime":"2026-01-01T08:00:00.0","timeZone":"Pacific Standard Time"}}}`},
	} {
		f.Add(seed.status, seed.media, seed.retry, seed.challenge, []byte(seed.bytes))
	}
	f.Fuzz(func(t *testing.T, status uint16, media, retry, challenge string, body []byte) {
		w := written{statusOf(status), map[string]string{"Content-Type": media, "Retry-After": retry, "WWW-Authenticate": challenge}, body}
		c := &Client{now: computerClock, http: newHTTP(w), base: "https://graph.example/v1.0", user: emu.SelfID, token: fixedToken(token)}
		shown, err := c.Shown(t.Context())
		if err == nil && (shown.Availability == "" || shown.Activity == "") {
			t.Errorf("%s is read as %+v", body, shown)
		}
		for _, err := range []error{err, c.SetPresence(t.Context(), presence.Away, time.Hour), c.ClearPresence(t.Context())} {
			if err == nil {
				continue
			}
			oneLine(t, err)
			quotesNothing(t, "an answer", err, token)
			if wait, _ := presence.RetryAfter(err); wait < 0 || wait > maxWait || errors.Is(err, presence.ErrSignIn) {
				t.Errorf("%v, after %s", err, wait)
			}
		}
		if err := c.SetPresence(t.Context(), presence.Away, time.Hour); err == nil && len(bytes.TrimSpace(body)) > 0 {
			var o map[string]json.RawMessage
			if json.Unmarshal(body, &o) != nil || o["error"] != nil {
				t.Errorf("%q counts as done", body)
			}
		}
	})
}

// FuzzEntraAnswer: whatever answers in place of the token endpoint, only Entra's
// own refusal ends the sign-in, and no error quotes the refresh token.
func FuzzEntraAnswer(f *testing.F) {
	for _, seed := range []string{`{"error":"invalid_grant","error_codes":[50173],"error_description":"AADSTS50173: revoked"}`, `{"error":"interaction_required","error_description":"AADSTS53003"}`,
		`{"token_type":"Bearer","access_token":"a","expires_in":3600,"scope":"Presence.ReadWrite Presence.Read"}`, page, `{}`, `{"access_token":1}`, `{"error":["invalid_grant"]}`,
		`{"access_token":"a","expires_in":"-99999999999","client_info":"!","id_token":"a.b.c"}`, `{"access_token":"a","id_token":"..","refresh_token":"r"}`, `{"error":"invalid_grant","error_codes":[-1]}`} {
		f.Add(uint16(0), "", []byte(seed))
		f.Add(uint16(200), "30", []byte(seed))
	}
	s := emu.New(emu.Options{TokenLife: time.Minute}) // refreshed before each request
	v := &MemoryVault{}
	route := &proxy{next: s.Transport()}
	a, err := Open(Config{ClientID: emu.AppID, Transport: route}, v)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := a.SignIn(f.Context(), Prompt{Device: func(c DeviceCode) { s.ApproveDevice(c.Code, "self") }}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status uint16, retry string, body []byte) {
		a.Forget() // what the answer before has changed
		refresh := ""
		route.answer(func(r *http.Request) *http.Response {
			if !strings.HasSuffix(r.URL.Path, "/token") {
				return nil
			}
			form, _ := r.GetBody()
			raw := new(strings.Builder)
			_, _ = bufio.NewReader(form).WriteTo(raw)
			refresh = between(raw.String(), "refresh_token=", "&")
			resp, _ := written{statusOf(status), map[string]string{"Retry-After": retry}, bytes.ReplaceAll(body, []byte("REFRESH"), []byte(refresh))}.RoundTrip(r)
			return resp
		})
		kept := MemoryVault{items: map[string][]byte{}}
		for name, item := range v.items {
			kept.items[name] = item
		}
		_, err := a.Restore(t.Context())
		if err == nil {
			_, err = a.Client().Shown(t.Context())
		}
		v.items = kept.items
		if err == nil {
			return // the fuzzer has written a token, which the emulator does not know
		}
		oneLine(t, err)
		if len(refresh) > 20 {
			quotesNothing(t, "an answer", err, refresh)
		}
		var in entraAnswer
		decoded := json.Unmarshal(body, &in) == nil
		if errors.Is(err, presence.ErrSignIn) && !errors.Is(err, ErrNoItem) && (!decoded || !slices.Contains(personNeeded, in.Error) || number(in) == 0 || statusOf(status) >= 500) {
			t.Errorf("%d %s ends the sign-in: %v", statusOf(status), body, err)
		}
	})
}

// FuzzEntraAddresses: the answer that names Entra's addresses is hostile.
func FuzzEntraAddresses(f *testing.F) {
	for _, seed := range []string{`{}`, page, `{"token_endpoint":"http://attacker.example/token","authorization_endpoint":"http://attacker.example/","issuer":"https://login.heliograph.test/x/v2.0"}`,
		`{"token_endpoint":"%zz","authorization_endpoint":"::","issuer":":"}`, `{"token_endpoint":"https://login.heliograph.test/x","authorization_endpoint":"https://login.heliograph.test/y","issuer":"https://attacker.example"}`} {
		f.Add(uint16(0), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		s := emu.New(emu.Options{})
		route := &proxy{next: s.Transport()}
		route.answer(func(r *http.Request) *http.Response {
			if !strings.HasSuffix(r.URL.Path, "openid-configuration") {
				return nil
			}
			resp, _ := written{statusOf(status), nil, body}.RoundTrip(r)
			return resp
		})
		a, err := Open(Config{ClientID: emu.AppID, Transport: route}, &MemoryVault{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.SignIn(t.Context(), Prompt{OpenURL: func(page string) error {
			if u, err := url.Parse(page); err != nil || u.Query().Get("state") == "" {
				t.Errorf("the page is %q, %v", page, err)
			}
			return errors.New("closed")
		}})
		if err == nil {
			t.Error("signed in")
			return
		}
		oneLine(t, err)
	})
}

// FuzzVault: whatever the keyring holds, reading it gives a value with the right
// sum or an error, and a new value can be written over it.
func FuzzVault(f *testing.F) {
	f.Add([]byte(`{"generation":"g","parts":2,"sha256":"x"}`), []byte("one"), []byte("two"))
	f.Add([]byte(`{"generation":"g","parts":1,"sha256":"`+sum([]byte("one"))+`"}`), []byte("one"), []byte(""))
	f.Add([]byte(`{"generation":"g","parts":-1}`), []byte(""), []byte(""))
	f.Add([]byte(`{"generation":"g","parts":1000000000}`), []byte(""), []byte(""))
	f.Add([]byte(`null`), []byte(""), []byte("{}"))
	f.Fuzz(func(t *testing.T, head, first, second []byte) {
		v := &MemoryVault{items: map[string][]byte{"account": head, "account.g.0": first, "account.g.1": second}}
		p := parted{v, "account"}
		got, err := p.get(t.Context())
		if err == nil {
			h, _ := p.head(t.Context())
			if sum(got) != h.Sum {
				t.Errorf("%q is read, whose sum is wrong", got)
			}
		} else {
			oneLine(t, err)
		}
		if err := p.set(t.Context(), second); err != nil {
			t.Fatalf("not written over %q: %v", head, err)
		}
		if got, err := p.get(t.Context()); err != nil || !bytes.Equal(got, second) {
			t.Errorf("written %q, read %q, %v", second, got, err)
		}
	})
}

// FuzzSession: whatever session the keyring holds, MSAL reads it or a person is
// asked; nothing of it is in an error.
func FuzzSession(f *testing.F) {
	s, v := emu.New(emu.Options{}), &MemoryVault{}
	a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, v)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := a.SignIn(f.Context(), Prompt{Device: func(c DeviceCode) { s.ApproveDevice(c.Code, "self") }}); err != nil {
		f.Fatal(err)
	}
	f.Add(a.cache.bytes)
	for _, seed := range []string{"", "{}", "null", "[]", `{"Account":{"x":{}}}`, `{"Account":{"x":{"home_account_id":"h","environment":"login.heliograph.test"}},"RefreshToken":{"y":{"home_account_id":"h"}}}`, `{"AccessToken":{"x":{"expires_on":"z"}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, session []byte) {
		if len(session) > partSize*maxParts {
			return
		}
		v := &MemoryVault{}
		if err := (parted{v, "account"}).set(t.Context(), session); err != nil {
			t.Fatal(err)
		}
		a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Restore(t.Context()); err != nil {
			oneLine(t, err)
			if !errors.Is(err, presence.ErrSignIn) {
				t.Errorf("%q: %v", session, err)
			}
		}
	})
}

// FuzzCredential: a text that is neither a secret nor a certificate is refused, and
// the error does not quote it.
func FuzzCredential(f *testing.F) {
	for _, seed := range []string{"s3cret~value-of-an-application", "", "two\nlines", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----", "-----BEGIN "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := credentialFrom(text)
		if err == nil {
			return
		}
		for _, line := range strings.Fields(text) {
			if len(line) >= 24 && !strings.Contains(line, "-----") && strings.Contains(err.Error(), line) {
				t.Errorf("%q is quoted: %v", line, err)
			}
		}
	})
}

// FuzzSignInPort: the port of the sign-in takes nothing for the answer but a POST
// of a form with the state, under its own name.
func FuzzSignInPort(f *testing.F) {
	l := &loopback{host: "localhost:1234", state: "a state of twenty letters"}
	real := url.Values{"code": {"c"}, "state": {l.state}}.Encode()
	for _, seed := range []string{"POST / HTTP/1.1\r\nHost: localhost:1234\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 40\r\n\r\n" + real,
		"GET /?" + real + " HTTP/1.1\r\nHost: localhost:1234\r\n\r\n", "POST http://localhost:1234/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded;charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nstate\r\n0\r\n\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return
		}
		a, ok := l.read(httptest.NewRecorder(), r)
		if ok && (r.Method != "POST" || r.Host != l.host || r.PostForm.Get("state") != l.state || (a.code == "") == (a.refused == nil)) {
			t.Errorf("%q is taken for %+v", raw, a)
		}
		if a.refused != nil {
			oneLine(t, a.refused)
		}
	})
}

// FuzzHide: no piece of a secret is left in a text, and nothing else is lost from
// a text without one.
func FuzzHide(f *testing.F) {
	f.Add("code=emc.abcdefghijklmnop&state", "emc.abcdefghijklmnop")
	f.Add("abcabcabcabcabcabc", "abcabcabcabcabc")
	f.Add("nothing", "a secret of some length")
	f.Fuzz(func(t *testing.T, text, secret string) {
		if strings.ContainsAny(secret, redacted) {
			return // a piece could begin in the text and end in the replacement
		}
		var h held
		h.add(secret)
		got, hidden := h.hide(text), false
		for i := 0; i+quotePiece <= len(secret); i++ {
			piece := secret[i : i+quotePiece]
			hidden = hidden || strings.Contains(text, piece)
			if strings.Contains(got, piece) {
				t.Errorf("%q holds %q of %q", got, piece, secret)
			}
		}
		if !hidden && got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

// FuzzMessageEnd: the end of a status message is the instant at which a clock in
// its zone shows the date, and is unknown without a zone that has a name.
func FuzzMessageEnd(f *testing.F) {
	for _, zone := range []string{"UTC", "Pacific Standard Time", "Europe/Berlin", "", "Local", "../../etc/passwd", "/etc/localtime", "\x00"} {
		f.Add("2026-01-01T08:00:00.0000000", zone)
	}
	f.Add("0000-00-00T25:61:61", "UTC")
	f.Add("2026-03-29T02:30:00", "Europe/Berlin") // which no clock shows
	f.Add("2026-10-25T02:30:00", "Europe/Berlin") // which clocks show twice
	f.Fuzz(func(t *testing.T, date, name string) {
		at := dateTimeZone{date, name}.instant()
		wall, err := time.Parse("2006-01-02T15:04:05.9999999", date)
		loc := locationOf(name)
		if err != nil || loc == nil {
			if !at.IsZero() {
				t.Errorf("%q in %q is %s", date, name, at)
			}
			return
		}
		ahead := func(at time.Time) time.Duration {
			_, seconds := at.In(loc).Zone()
			return time.Duration(seconds) * time.Second
		}
		changes := ahead(at.Add(-25*time.Hour)) != ahead(at.Add(25*time.Hour)) // then no clock may show the date
		if off := at.Add(ahead(at)).Sub(wall).Abs(); off != 0 && (!changes || off > 24*time.Hour) {
			t.Errorf("%q in %q is %s, %s away", date, name, at, off)
		}
	})
}

// locationOf returns the zone that a name of Microsoft's or of the IANA database
// means; nil: none.
func locationOf(name string) *time.Location {
	switch {
	case name == "", name == "Local", strings.Contains(name, ".."), strings.HasPrefix(name, "/"), strings.HasPrefix(name, `\`):
		return nil
	case name == "Pacific Standard Time":
		name = "America/Los_Angeles"
	}
	if loc, err := time.LoadLocation(name); err == nil {
		return loc
	}
	loc, err := zone.Named(name) // another of Microsoft's names, which the tests there hold
	if err != nil {
		return nil
	}
	return loc
}
