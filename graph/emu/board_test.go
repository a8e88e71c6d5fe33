package emu

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// stopped returns a server whose clock moves by advance alone.
func stopped() *Server {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	return New(Options{now: func() time.Time { return start }})
}

// press posts a button of the board and returns the status and text of the answer.
func press(t *testing.T, base string, form url.Values, header map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequest("POST", base+"/_board/do", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestBoardButtons(t *testing.T) {
	s := stopped()
	base := httptestURL(t, s)
	shown := func() string {
		u := s.User("self").Shown
		return u.Availability + "/" + u.Activity
	}
	for _, step := range []struct{ do, user, client, want string }{
		{"client:Available/Available", "", "Teams desktop", "Available/Available"},
		{"client:Busy/InAMeeting", SelfID, "Teams mobile", "Busy/InAMeeting"},
		{"choice:DoNotDisturb/DoNotDisturb", SelfID, "", "DoNotDisturb/DoNotDisturb"},
		{"choice:Offline/OffWork", SelfID, "", "Offline/OffWork"},
		{"choice:", SelfID, "", "Busy/InAMeeting"},
		{"client:", SelfID, "Teams mobile", "Available/Available"},
		{"client:Away/Away", SelfID, "Teams desktop", "Away/Away"},
		{"clock:5m", "", "", "Away/Away"},
		{"reset:", "", "", "Offline/Offline"},
	} {
		status, text := press(t, base, url.Values{"do": {step.do}, "user": {step.user}, "client": {step.client}}, nil)
		if status != http.StatusSeeOther || shown() != step.want {
			t.Errorf("%s: %d %s, shows %s, want %s", step.do, status, text, shown(), step.want)
		}
	}
	for _, bad := range []string{"", "client:Busy/Nothing", "choice:Purple/Purple", "clock:soon", "clock:-5m", "fault:418", "nonsense"} {
		if status, text := press(t, base, url.Values{"do": {bad}}, nil); status != http.StatusBadRequest || strings.TrimSpace(text) == "" {
			t.Errorf("%q: %d %q", bad, status, text)
		}
	}
	for _, header := range []map[string]string{{"Origin": "http://elsewhere.example"}, {"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}} {
		if status, _ := press(t, base, url.Values{"do": {"client:Busy/InAMeeting"}}, header); status != http.StatusForbidden || shown() != "Offline/Offline" {
			t.Errorf("%v: %d, shows %s", header, status, shown())
		}
	}
	for _, header := range []map[string]string{{"Origin": base}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}} {
		if status, text := press(t, base, url.Values{"do": {"reset:"}}, header); status != http.StatusSeeOther {
			t.Errorf("%v: %d %s", header, status, text)
		}
	}
}

func TestBoardFaults(t *testing.T) {
	s := stopped()
	base := httptestURL(t, s)
	c := client{t, base + "/v1.0", authFor(t, s, "delegated-self")}
	for _, status := range []int{429, 503} {
		press(t, base, url.Values{"do": {fmt.Sprint("fault:", status)}}, nil)
		if got, text, h := c.do("GET", "/me/presence", nil, nil); got != status || h.Get("Retry-After") == "" {
			t.Errorf("%d: %d %s", status, got, text)
		}
		if got, text, _ := c.do("GET", "/me/presence", nil, nil); got != 200 {
			t.Errorf("the fault outlives its request: %d %s", got, text)
		}
	}
	press(t, base, url.Values{"do": {"fault:drop"}}, nil)
	press(t, base, url.Values{"do": {"fault:none"}}, nil)
	if got, text, _ := c.do("GET", "/me/presence", nil, nil); got != 200 {
		t.Errorf("a fault outlives its end: %d %s", got, text)
	}
}

// get returns one page of the board.
func get(t *testing.T, address string) (string, http.Header) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %s %v", address, resp.Status, err)
	}
	return string(text), resp.Header
}

func TestBoardPage(t *testing.T) {
	s := stopped()
	base := httptestURL(t, s)
	c := client{t, base + "/v1.0", authFor(t, s, "delegated-self")}
	act(c, "setPresence Busy/InACall PT1H")
	c.do("POST", "/me/presence/setStatusMessage", []byte(`{"statusMessage":{"message":{"content":"<script>alert(1)</script>"}}}`), nil)
	if err := s.advance(10 * time.Minute); err != nil {
		t.Fatal(err)
	}
	page, h := get(t, base+"/")
	for _, want := range []string{"Ada Lovelace", "Grace Hopper", "Busy", "In a call", "said <time data-since=\"2026-03-02T09:00:00Z\">10:00</time> ago",
		"expires in <b><time data-until=\"2026-03-02T10:00:00Z\">50:00</time></b>", "&lt;script&gt;alert(1)", "setPresence", "PT1H", `<rect class="k-busy"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, c.value) || strings.Contains(page, "<script>alert") {
		t.Error("the page holds a token, or what a person typed as markup")
	}
	if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(page, " style=") || strings.Contains(page, " onclick=") {
		t.Error("the page needs what its policy forbids")
	}
	for _, file := range []string{"board.css", "board.js"} {
		if text, _ := get(t, base+"/_board/"+file); len(text) < 1000 {
			t.Errorf("%s holds %d bytes", file, len(text))
		}
	}
	for path, want := range map[string]int{"/_board/other": 404, "/_board/do": 405} {
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

func TestBoardEvents(t *testing.T) {
	s := stopped()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", httptestURL(t, s)+"/_board/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	await := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
			if l := lines.Text(); l != "" && !strings.HasPrefix(l, "data: ") && !strings.HasPrefix(l, "event: ") && l != "data:" {
				t.Fatalf("line %q is not an event", l)
			}
		}
		t.Fatalf("no %q: %v", want, lines.Err())
	}
	await("event: people")
	await("event: requests")
	if err := s.SetSession(SessionRequest{Availability: "Busy", Activity: "InAMeeting"}); err != nil {
		t.Fatal(err)
	}
	await("In a meeting")
	if err := s.AddFault(Fault{Drop: true, Times: 3}); err != nil {
		t.Fatal(err)
	}
	await("connection dropped on any request, 3 to go")
}

func TestHistory(t *testing.T) {
	s := stopped()
	c := client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}
	start := s.clock()
	act(c, "setPresence Available/Available PT1H")
	// Nothing reads for three hours: what time alone has changed is found nevertheless.
	if err := s.advance(3 * time.Hour); err != nil {
		t.Fatal(err)
	}
	want := []moment{{start, offline}, {start, pair{"Available", "Available"}}, {start.Add(5 * time.Minute), pair{"Available", "AvailableInactive"}},
		{start.Add(10 * time.Minute), pair{"Away", "Away"}}, {start.Add(time.Hour), offline}}
	if got := s.users[0].history; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("history\n%v, want\n%v", got, want)
	}
	for range 2 * keptMoments {
		if err := s.SetSession(SessionRequest{Availability: "Busy"}); err != nil {
			t.Fatal(err)
		}
		if err := s.SetSession(SessionRequest{}); err != nil {
			t.Fatal(err)
		}
		if n := len(s.users[0].history); n > keptMoments {
			t.Fatalf("%d moments are kept", n)
		}
	}
}

func TestTimelineFits(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, age := range []time.Duration{0, time.Second, 14 * time.Minute, 59 * time.Minute, 3 * time.Hour, 11 * time.Hour, 100 * time.Hour} {
		line := lineOf([]moment{{now.Add(-age), offline}, {now.Add(-age / 2), pair{"Busy", "InACall"}}}, now)
		if len(line.Spans) == 0 || line.Spans[len(line.Spans)-1].Kind != "busy" || len(line.Moments) == 0 || line.Moments[0].Look.Kind != "busy" {
			t.Errorf("%s: %+v", age, line)
		}
		for _, x := range line.Spans {
			var from, width float64
			fmt.Sscanf(x.X, "%f%%", &from)
			fmt.Sscanf(x.W, "%f%%", &width)
			if from < 0 || width <= 0 || from+width > 100.2 || x.Y+x.H != lineHeight {
				t.Errorf("%s: %+v leaves the drawing", age, x)
			}
		}
		if len(line.Ticks) > 12 {
			t.Errorf("%s: %d ticks", age, len(line.Ticks))
		}
	}
}

func TestClockEndsSomewhere(t *testing.T) {
	s := stopped()
	before := s.clock()
	var err error
	for range 400 {
		if err = s.advance(366 * 24 * time.Hour); err != nil {
			break
		}
	}
	if err == nil || !s.clock().After(before) || s.State().Now.Year() > 2130 {
		t.Errorf("the clock reads %s, %v", s.clock(), err)
	}
	s.reset()
	if !s.clock().Equal(before) {
		t.Errorf("after a reset %s", s.clock())
	}
}

func TestSpanOf(t *testing.T) {
	for d, want := range map[time.Duration]string{-time.Second: "0:00", 59*time.Second + 999*time.Millisecond: "0:59", 61 * time.Minute: "1:01:00", 49 * time.Hour: "2d 01:00:00"} {
		if got := spanOf(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
