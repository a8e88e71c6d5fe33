package graph

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// off is a Graph whose clock differs from this computer's.
type off struct {
	by     time.Duration
	head   []string      // more of the header of each answer
	text   string        // of each answer
	status int           // of each answer
	delay  time.Duration // before each answer
	expiry string        // that the last status message had
}

func (o *off) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var in struct {
		StatusMessage statusMessage `json:"statusMessage"`
	}
	if json.Unmarshal(body, &in) == nil && in.StatusMessage.Expiry != nil {
		o.expiry = in.StatusMessage.Expiry.DateTime
	}
	<-time.After(o.delay)
	return respond(r, o.status, "application/json", o.text, append(o.head, "Date", time.Now().Add(o.by).UTC().Format(http.TimeFormat))...), nil
}

func (o *off) client() *Client {
	return &Client{now: computerClock, http: &http.Client{Transport: guard{o, &held{}}}, base: "https://graph.example/v1.0", token: fixedToken("an access token")}
}

const shownNow = `{"availability":"Busy","activity":"Busy"}`

// TestClockSkewOfAMessage: the end of a status message is an instant of Graph's
// clock, which an answer compares with this computer's.
func TestClockSkewOfAMessage(t *testing.T) {
	for name, c := range map[string]struct {
		by, want time.Duration
		delay    time.Duration
	}{
		"exact": {}, "a_minute_fast": {by: time.Minute}, "slow_answer": {delay: 8 * time.Second},
		"an_hour_fast": {by: time.Hour, want: time.Hour}, "an_hour_slow": {by: -time.Hour, want: -time.Hour},
		"years": {by: 3 * 365 * 24 * time.Hour, want: 3 * 365 * 24 * time.Hour}, "slow_and_fast": {by: -2 * time.Hour, want: -2 * time.Hour, delay: 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &off{by: c.by, status: 200, text: shownNow, delay: c.delay}
				client := o.client()
				first, err := client.Shown(t.Context())
				if wrong := (first.Ahead - c.want).Abs(); err != nil || wrong > c.delay+2*time.Second {
					t.Fatalf("Graph's clock is said to be %s ahead, %v", first.Ahead, err)
				}
				o.text = ""
				until := time.Now().Add(time.Hour)
				if err := client.SetStatusMessage(t.Context(), "hi", until); err != nil {
					t.Fatal(err)
				}
				sent, err := time.Parse("2006-01-02T15:04:05", o.expiry)
				if wrong := until.Sub(sent); err != nil || wrong < 0 || wrong >= time.Second {
					t.Errorf("sent %s, wrong by %s, %v", o.expiry, wrong, err)
				}
				o.text = `{"availability":"Busy","activity":"Busy","statusMessage":{"message":{"content":"hi"},"expiryDateTime":{"dateTime":"` + o.expiry + `","timeZone":"UTC"}}}`
				shown, err := client.Shown(t.Context())
				if wrong := shown.MessageUntil.Sub(sent); err != nil || wrong != 0 {
					t.Errorf("read back %s, wrong by %s, %v", shown.MessageUntil, wrong, err)
				}
			})
		})
	}
}

// TestClockSkewNeedsGraph: the clock of something in between does not count, nor
// does an absurd one.
func TestClockSkewNeedsGraph(t *testing.T) {
	for name, o := range map[string]*off{
		"page":    {by: time.Hour, status: 200, text: page},
		"refused": {by: time.Hour, status: 403, text: page},
		"empty":   {by: time.Hour, status: 200, text: "{}"},
		"absurd":  {by: 20 * 365 * 24 * time.Hour, status: 200, text: shownNow},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := o.client()
			_, _ = client.Shown(t.Context()) // it fails where it is no presence
			if by := client.skew.now(readClocks(client.now)); by != 0 {
				t.Errorf("%s: the clock is said to be off by %s", name, by)
			}
		})
	}
}

// TestClockSkewAfterAStep: once the clock was set, or the computer slept, the
// difference that was learned before means nothing.
func TestClockSkewAfterAStep(t *testing.T) {
	wall := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	at := func(wallPassed, ran time.Duration) reading { return reading{wall.Add(wallPassed), 5*time.Hour + ran} }
	var s skew
	s.learn(http.Header{"Date": {wall.Add(2 * time.Hour).Format(http.TimeFormat)}}, at(-time.Second, -time.Second), at(0, 0))
	for name, c := range map[string]struct {
		at   reading
		want time.Duration
	}{
		"at_once":       {at(0, 0), 2 * time.Hour},
		"a_day_later":   {at(24*time.Hour, 24*time.Hour), 2 * time.Hour},
		"set_right":     {at(2*time.Hour+time.Second, time.Second), 0},
		"set_back":      {at(-time.Hour, time.Second), 0},
		"slept":         {at(8*time.Hour, time.Minute), 0},
		"set_by_little": {at(time.Hour+30*time.Second, time.Hour), 2 * time.Hour},
	} {
		if by := s.now(c.at); by != c.want {
			t.Errorf("%s: off by %s, want %s", name, by, c.want)
		}
	}
}

// TestMessageWithAWrongClock: a whole call on a computer whose clock is two hours
// slow. The message ends an hour after it was set, by Graph's clock.
func TestMessageWithAWrongClock(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Minute)
		d.proxy.answer(func(r *http.Request) *http.Response {
			return d.ahead(r, 2*time.Hour)
		})
		d.call("Zoom")
		d.pass(time.Second)
		m := d.server.User("self").StatusMessage
		if m == nil || m.Content != "On a Zoom call" {
			t.Fatalf("the message is %+v", m)
		}
		// As the emulator's own clock is right, it sees the end two hours late.
		if left := time.Until(m.Expires); left < 3*time.Hour-2*time.Second || left > 3*time.Hour+2*time.Second {
			t.Errorf("the message ends in %s", left)
		}
	})
}

// ahead answers as the emulator does, with a Date that is ahead of its clock.
func (d *day) ahead(r *http.Request, by time.Duration) *http.Response {
	resp, err := d.server.Transport().RoundTrip(r)
	if err != nil {
		return nil
	}
	resp.Header.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
	return resp
}
