package graph

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

// port is the address on this computer that a sign-in page was given, as
// somebody else sees it who knows the page.
type port struct {
	t             *testing.T
	address, host string // http://localhost:port, localhost:port
	state         string
}

func portOf(t *testing.T, page string) port {
	t.Helper()
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	p := port{t, q.Get("redirect_uri"), strings.TrimPrefix(q.Get("redirect_uri"), "http://"), q.Get("state")}
	if len(p.state) < 20 || !strings.HasPrefix(p.host, "localhost:") || q.Get("code_challenge_method") != "S256" || q.Get("response_mode") != "form_post" {
		t.Fatalf("the sign-in page is %s", page)
	}
	return p
}

// send sends a request to the port. host is the Host header; empty: as usual.
func (p port) send(method, path, host, media, body string) (status int, text string, header http.Header) {
	p.t.Helper()
	req, err := http.NewRequest(method, p.address+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Host = host
	req.Header.Set("Content-Type", media)
	req.Header.Set("Origin", "https://attacker.example")
	c := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(req)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(raw), resp.Header
}

const form = "application/x-www-form-urlencoded"

// stray sends what is not the answer of the sign-in page: web pages, other
// programs and other users of the computer can.
func (p port) stray() {
	p.t.Helper()
	real := "code=stolen&state=" + p.state
	for name, r := range map[string]struct{ method, path, host, media, body string }{
		"favicon":           {"GET", "/favicon.ico", "", "", ""},
		"page":              {"GET", "/", "", "", ""},
		"head":              {"HEAD", "/", "", "", ""},
		"preflight":         {"OPTIONS", "/", "", "", ""},
		"put":               {"PUT", "/", "", form, real},
		"real_by_get":       {"GET", "/?" + real, "", "", ""},
		"error_by_get":      {"GET", "/?error=access_denied&state=" + p.state, "", "", ""},
		"state_in_address":  {"POST", "/?state=" + p.state, "", form, "code=stolen"},
		"wrong_state":       {"POST", "/", "", form, "code=stolen&state=wrong"},
		"half_a_state":      {"POST", "/", "", form, "code=stolen&state=" + p.state[:10]},
		"longer_state":      {"POST", "/", "", form, real + "x"},
		"empty_state":       {"POST", "/", "", form, "code=stolen&state="},
		"no_state":          {"POST", "/", "", form, "code=stolen"},
		"error_no_state":    {"POST", "/", "", form, "error=access_denied&error_description=AADSTS65004"},
		"error_wrong_state": {"POST", "/", "", form, "error=access_denied&state=wrong"},
		"no_code":           {"POST", "/", "", form, "state=" + p.state},
		"nothing":           {"POST", "/", "", form, ""},
		"rebinding":         {"POST", "/", "attacker.example" + p.host[len("localhost"):], form, real},
		"by_number":         {"POST", "/", "127.0.0.1" + p.host[len("localhost"):], form, real},
		"no_port":           {"POST", "/", "localhost", form, real},
		"other_path":        {"POST", "/other", "", form, real},
		"cross_site_text":   {"POST", "/", "", "text/plain", real},
		"json":              {"POST", "/", "", "application/json", `{"code":"stolen","state":"` + p.state + `"}`},
		"multipart":         {"POST", "/", "", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"state\"\r\n\r\n" + p.state + "\r\n--x--\r\n"},
		"bad_escape":        {"POST", "/", "", form, "code=%zz&" + real},
		"huge":              {"POST", "/", "", form, "x=" + strings.Repeat("x", maxForm) + "&" + real},
	} {
		status, text, header := p.send(r.method, r.path, r.host, r.media, r.body)
		if status != http.StatusNotFound || strings.TrimSpace(text) != "not found" && r.method != "HEAD" {
			p.t.Errorf("%s: %d %q", name, status, text)
		}
		if strings.Contains(text, p.state) || header.Get("Access-Control-Allow-Origin") != "" || header.Get("X-Content-Type-Options") != "nosniff" {
			p.t.Errorf("%s: %v %q", name, header, text)
		}
	}
	for _, raw := range []string{"", "\x16\x03\x01\x02\x00", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: " + p.host + "\r\nContent-Length: 900\r\n\r\ncode"} {
		conn, err := net.Dial("tcp", p.host)
		if err != nil {
			p.t.Fatal(err)
		}
		_, _ = io.WriteString(conn, raw)
		p.t.Cleanup(func() { conn.Close() }) // it stays open until the end
	}
}

// TestStrayRequestsToTheSignInPort: none ends the sign-in, none learns the state,
// and the real answer still counts.
func TestStrayRequestsToTheSignInPort(t *testing.T) {
	s := emu.New(emu.Options{})
	a, err := Open(Config{ClientID: emu.AppID, Transport: s.Transport()}, &MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	browse := inBackground(emu.Browser(s.Transport(), "self"))
	var at port
	shown := ""
	who, err := a.SignIn(t.Context(), Prompt{OpenURL: func(page string) error {
		at = portOf(t, page)
		at.stray()
		return browse(page)
	}, Page: func(received bool) string {
		if received {
			shown = "<b>Signed in</b>"
		}
		return shown
	}})
	if err != nil || who.ID != emu.SelfID || shown == "" {
		t.Errorf("signed in as %+v, %v, and shown %q", who, err, shown)
	}
	if conn, err := net.Dial("tcp", at.host); err == nil {
		conn.Close()
		t.Error("the port is still open after the sign-in")
	}
}

// TestRefusalByTheSignInPage: the page's own refusal, with the state, ends the
// sign-in at once and is explained; what it wrote is shown nowhere.
func TestRefusalByTheSignInPage(t *testing.T) {
	a, err := Open(Config{ClientID: emu.AppID, Transport: emu.New(emu.Options{}).Transport()}, &MemoryVault{})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan string, 2)
	_, err = a.SignIn(t.Context(), Prompt{OpenURL: func(page string) error {
		p := portOf(t, page)
		go func() {
			_, text, _ := p.send("POST", "/", "", form, "error=access_denied&error_description=AADSTS65004%3A+<script>declined</script>&state="+p.state)
			answered <- text
		}()
		return nil
	}, Page: func(received bool) string { return map[bool]string{false: "You <declined>"}[received] }})
	text := <-answered
	if !strings.Contains(text, "<p>You &lt;declined&gt;</p>") || strings.Contains(text, "script") {
		t.Errorf("the browser shows %s", text)
	}
	var refused *SignInError
	if !errors.As(err, &refused) || refused.AADSTS != 65004 || refused.Name != "access_denied" || !errors.Is(err, presence.ErrSignIn) || Explain(err).Key != "declined" {
		t.Errorf("got %v, explained as %s", err, Explain(err).Key)
	}
}

// TestOnlyOneAnswer: what is posted after the real answer is not accepted.
func TestOnlyOneAnswer(t *testing.T) {
	l, err := listenForAnswer("a state of twenty letters", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	p := port{t, l.address, l.host, l.state}
	for i, want := range []int{http.StatusOK, http.StatusNotFound, http.StatusNotFound} {
		if status, _, _ := p.send("POST", "/", "", form, url.Values{"code": {string(rune('a' + i))}, "state": {l.state}}.Encode()); status != want {
			t.Errorf("answer %d: %d", i+1, status)
		}
	}
	if got, err := l.wait(t.Context()); err != nil || got.code != "a" {
		t.Errorf("got %+v, %v", got, err)
	}
}
