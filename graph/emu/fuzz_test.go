package emu

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// model is the contract in a few lines, written from Microsoft's pages and
// sharing nothing with the emulator.
type model struct {
	now      time.Duration
	timeouts int                // after how many of five minutes Available is gone; 0: never
	clients  map[string]setting // by name
	choice   struct {           // the preferred presence
		pair string
		end  time.Duration
	}
}

// setting is the presence that one client has set.
type setting struct {
	pair     string
	set, end time.Duration // end 0: never
	fades    bool
	turn     int // the latest has the highest
}

// current returns what a client's setting counts as; empty: it has ended.
func (m *model) current(s setting) string {
	age := m.now - s.set
	switch {
	case s.end > 0 && m.now >= s.end:
		return ""
	case !s.fades || s.pair != "Available/Available" || age < 5*time.Minute:
		return s.pair
	case age < 10*time.Minute:
		return "Available/AvailableInactive"
	case m.timeouts > 0 && age >= time.Duration(m.timeouts)*5*time.Minute:
		return ""
	}
	return "Away/Away"
}

// shown aggregates: DoNotDisturb > Busy > Available > inactive > Away, the latest
// among equals; a choice counts while any client lives.
func (m *model) shown() string {
	order := []string{"", "Away/Away", "Available/AvailableInactive", "Available/Available", "Busy", "DoNotDisturb"}
	best, rank, turn := "Offline/Offline", 0, -1
	for _, s := range m.clients {
		p := m.current(s)
		r := slices.IndexFunc(order, func(o string) bool { return p == o || (o != "" && strings.HasPrefix(p, o+"/")) })
		if r > rank || (r == rank && r > 0 && s.turn > turn) {
			best, rank, turn = p, r, s.turn
		}
	}
	if rank > 0 && m.now < m.choice.end {
		return m.choice.pair
	}
	return best
}

// trial drives the emulator and the model alike.
type trial struct {
	t     *testing.T
	s     *Server
	m     *model
	token string
	log   []string
}

func newTrial(t *testing.T, profile Profile) *trial {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := New(Options{Profile: profile, now: func() time.Time { return start }, TokenLife: 1000 * time.Hour,
		throttle: throttle{requests: 1 << 30}})
	d := &trial{t: t, s: s, m: &model{clients: map[string]setting{}}}
	if profile == Beta2021 {
		d.m.timeouts = 3
	}
	token, err := s.IssueToken(TokenRequest{Application: true})
	if err != nil {
		t.Fatal(err)
	}
	d.token = token
	return d
}

// call sends one request and returns the status and the body of the answer.
func (d *trial) call(method, path string, body []byte, header ...string) (int, []byte) {
	req, err := http.NewRequest(method, graphHost+"/v1.0"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil // no client could send it
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := d.s.Transport().RoundTrip(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, text
}

func (d *trial) act(action, body string, want int) {
	d.t.Helper()
	d.log = append(d.log, action+" "+body)
	if status, text := d.call("POST", "/users/"+SelfID+"/presence/"+action, []byte(body)); status != want {
		d.t.Fatalf("%s: %d %s, want %d", strings.Join(d.log, "\n"), status, text, want)
	}
}

var (
	appPairs    = []string{"Available/Available", "Busy/InACall", "Busy/InAConferenceCall", "Away/Away", "DoNotDisturb/Presenting"}
	chosenPairs = []string{"Available/Available", "Busy/Busy", "DoNotDisturb/DoNotDisturb", "BeRightBack/BeRightBack", "Away/Away", "Offline/OffWork"}
	teamsPairs  = []string{"Available/Available", "Busy/InAMeeting", "Away/Away", "DoNotDisturb/DoNotDisturb"}
	spans       = []string{"", "PT5M", "PT6M30S", "PT10M", "PT15M", "PT1H", "PT4H"}
	lengths     = []time.Duration{5 * time.Minute, 5 * time.Minute, 390 * time.Second, 10 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}
)

// step carries out one operation at the emulator and in the model.
func (d *trial) step(op, arg byte) {
	d.t.Helper()
	switch n := int(arg); op % 6 {
	case 0:
		d.advance(time.Duration(n) * 10 * time.Second)
	case 1:
		d.setPresence(n)
	case 2:
		want := 404
		if s, ok := d.m.clients["app"]; ok && d.m.current(s) != "" {
			want = 200
		}
		delete(d.m.clients, "app")
		d.act("clearPresence", `{"sessionId":"`+AppID+`"}`, want)
	case 3:
		d.choose(n)
	case 4:
		d.m.choice.end = 0
		d.act("clearUserPreferredPresence", "", 200)
	case 5:
		d.setTeams(n)
	}
}

func (d *trial) advance(by time.Duration) {
	d.t.Helper()
	d.log = append(d.log, "advance "+by.String())
	d.m.now += by
	if err := d.s.advance(by); err != nil {
		d.t.Fatal(err)
	}
}

// setPresence sets the session of the application; n chooses pair and duration.
func (d *trial) setPresence(n int) {
	d.t.Helper()
	p, span := appPairs[n%len(appPairs)], n/8%len(spans)
	s := setting{p, d.m.now, d.m.now + lengths[span], true, len(d.log)}
	if d.m.timeouts > 0 { // the 2021 document: no duration, no Presenting
		p, span = appPairs[n%4], 0
		s = setting{p, d.m.now, 0, true, len(d.log)}
	}
	d.m.clients["app"] = s
	d.act("setPresence", `{"sessionId":"`+AppID+`",`+fields(p, span)+`}`, 200)
}

// choose sets the preferred presence.
func (d *trial) choose(n int) {
	d.t.Helper()
	p, span := chosenPairs[n%len(chosenPairs)], n/8%len(spans)
	length := lengths[span]
	if spans[span] == "" {
		length = 7 * 24 * time.Hour
		if p == "Busy/Busy" || p == "DoNotDisturb/DoNotDisturb" {
			length = 24 * time.Hour
		}
	}
	d.m.choice.pair, d.m.choice.end = p, d.m.now+length
	d.act("setUserPreferredPresence", `{`+fields(p, span)+`}`, 200)
}

// setTeams sets or ends the session of a Teams client.
func (d *trial) setTeams(n int) {
	d.t.Helper()
	name, p := fmt.Sprint("Teams ", n%3), teamsPairs[n/4%len(teamsPairs)]
	if n >= 200 {
		p = ""
		delete(d.m.clients, name)
	} else {
		d.m.clients[name] = setting{p, d.m.now, 0, false, len(d.log)}
	}
	availability, activity, _ := strings.Cut(p, "/")
	d.log = append(d.log, name+" "+p)
	if err := d.s.SetSession(SessionRequest{Name: name, Availability: availability, Activity: activity}); err != nil {
		d.t.Fatal(err)
	}
}

// fields returns the members of a body.
func fields(p string, span int) string {
	availability, activity, _ := strings.Cut(p, "/")
	out := fmt.Sprintf(`"availability":%q,"activity":%q`, availability, activity)
	if spans[span] != "" {
		out += fmt.Sprintf(`,"expirationDuration":%q`, spans[span])
	}
	return out
}

// check compares what is shown with the model, over every path that shows it.
func (d *trial) check() {
	d.t.Helper()
	want := d.m.shown()
	for _, path := range []string{"/users/" + SelfID + "/presence", "/communications/presences/" + SelfID} {
		_, text := d.call("GET", path, nil)
		var got struct{ Availability, Activity string }
		if err := json.Unmarshal(text, &got); err != nil {
			d.t.Fatal(err)
		}
		if got.Availability+"/"+got.Activity != want {
			d.t.Fatalf("%s\nshows %s/%s, want %s", strings.Join(d.log, "\n"), got.Availability, got.Activity, want)
		}
	}
}

// FuzzShown holds the law of presence: whatever was called, the emulator shows
// what the model shows.
func FuzzShown(f *testing.F) {
	f.Add(false, []byte{1, 40, 0, 30, 0, 30, 2, 0})
	f.Add(true, []byte{1, 0, 0, 30, 0, 30, 0, 30})
	f.Add(false, []byte{5, 0, 1, 1, 3, 2, 0, 255, 5, 200, 4, 0})
	f.Fuzz(func(t *testing.T, old bool, ops []byte) {
		profile := V1
		if old {
			profile = Beta2021
		}
		d := newTrial(t, profile)
		for i := 0; i+1 < len(ops) && i < 120; i += 2 {
			d.step(ops[i], ops[i+1])
			// A GET must change nothing, so only some steps are followed by one.
			if ops[i+1]%3 != 0 {
				d.check()
			}
		}
		d.check()
	})
}

var fuzzPaths = []string{"/me/presence", "/users/" + SelfID + "/presence", "/communications/presences/" + SelfID, "/communications/getPresencesByUserId"}

var fuzzActions = []string{"", "/setPresence", "/clearPresence", "/setUserPreferredPresence", "/clearUserPreferredPresence", "/setStatusMessage",
	"/setManualLocation", "/setAutomaticLocation", "/clearLocation", "/clearAutomaticLocation", "/microsoft.graph.setPresence"}

// FuzzBody holds the law of robustness: no request of any kind gives a 5xx, and
// every refusal has Graph's error envelope.
func FuzzBody(f *testing.F) {
	for i, body := range []string{`{"sessionId":"` + AppID + `","availability":"Busy","activity":"InACall","expirationDuration":"PT1H"}`, `{`, `[]`, `null`, ``,
		`{"statusMessage":{"message":{"content":"x","contentType":"text"},"expiryDateTime":{"dateTime":"2030-01-01T00:00:00","timeZone":"UTC"}}}`,
		`{"ids":["` + SelfID + `"]}`, `{"workLocationType":"office","placeId":null}`, `{"expirationDuration":"-P99999999999999999999DT1H"}`, "\x1f\x8b\x08"} {
		f.Add(byte(i), byte(i), "POST", "application/json", "", "", []byte(body))
	}
	f.Fuzz(func(t *testing.T, where, what byte, method, media, coding, query string, body []byte) {
		d := newTrial(t, V1)
		if where&4 != 0 {
			token, err := d.s.IssueToken(TokenRequest{Scopes: []string{"Presence.ReadWrite", "Presence.Read.All"}})
			if err != nil {
				t.Fatal(err)
			}
			d.token = token
		}
		if where&8 != 0 {
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			_, _ = w.Write(body)
			w.Close()
			body, coding = z.Bytes(), "gzip"
		}
		path := fuzzPaths[where%4] + fuzzActions[int(what)%len(fuzzActions)] + query
		status, text := d.call(method, path, body, "Content-Type", media, "Content-Encoding", coding)
		if status >= 500 {
			t.Fatalf("%s %s %q: %d %s", method, path, body, status, text)
		}
		var e struct {
			Error struct{ Code, Message string }
		}
		if status >= 400 && method != http.MethodHead && (json.Unmarshal(text, &e) != nil || e.Error.Code == "" || e.Error.Message == "") && !strings.HasPrefix(path, "//") {
			t.Fatalf("%s %s: %d without an envelope: %s", method, path, status, text)
		}
	})
}

// FuzzControl: a mistake in a control body gives an error and never a crash.
func FuzzControl(f *testing.F) {
	for _, body := range []string{`{"by":"5m"}`, `{"status":429,"retryAfter":3,"times":2}`, `{"user":"self","scopes":["Presence.Read"]}`, `{"user":"other","availability":"Busy","activity":"InAMeeting"}`, `{"by":1e300}`, `{"delay":"-5m"}`, `{"path":"["}`} {
		for i := range byte(9) {
			f.Add(i, []byte(body))
		}
	}
	names := []string{"advance", "faults", "token", "sessions", "preferred", "message", "lag", "revoke", "device", "reset", "nothing"}
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		s := New(Options{})
		req, err := http.NewRequest("POST", graphHost+"/_emulator/"+names[int(which)%len(names)], bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || !json.Valid(text) || resp.StatusCode >= 500 {
			t.Fatalf("%s: %d %s %v", body, resp.StatusCode, text, err)
		}
		s.State()
	})
}
