package emu

import (
	"strings"
	"testing"
	"time"
)

// TestReadLag: a GET shows what was true so long ago, the status message and
// what time alone has changed included; colleagues see the truth at once.
func TestReadLag(t *testing.T) {
	s := stopped()
	c := client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}
	pass := func(d time.Duration) {
		t.Helper()
		if err := s.advance(d); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(pieces ...string) {
		t.Helper()
		_, text, _ := c.do("GET", "/me/presence", nil, nil)
		for _, p := range pieces {
			if !strings.Contains(text, p) {
				t.Errorf("a GET answers %s, without %s", text, p)
			}
		}
	}
	pass(time.Minute)
	act(c, "setPresence Available/Available PT10M")
	fresh := s.User("self").Shown.SequenceNumber
	s.SetReadLag(4 * time.Second)
	if got := s.User("self").Shown; got.Availability != "Available" {
		t.Errorf("colleagues see %+v", got)
	}
	reads(`"availability":"Offline"`)
	pass(4*time.Second - 1)
	reads(`"availability":"Offline"`)
	if err := s.SetMessage("self", "At lunch", s.clock().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	pass(1)
	reads(`"availability":"Available"`, fresh, `"statusMessage":null`)
	pass(4 * time.Second)
	reads("At lunch")
	pass(5*time.Minute - 5*time.Second)
	reads(`"activity":"Available"`)
	pass(5 * time.Second)
	reads("AvailableInactive", `"statusMessage":null`)
	s.SetReadLag(0)
	act(c, "setPresence Away/Away PT10M")
	reads(`"availability":"Away"`)
}

// TestMessageInTeams: the control interface writes and removes a message, and
// steers the lag of reads.
func TestMessageInTeams(t *testing.T) {
	s := stopped()
	at := httptestURL(t, s)
	post := func(name, body string, want int) {
		t.Helper()
		if status, text, _ := (client{t: t, base: at}).do("POST", "/_emulator/"+name, []byte(body), nil); status != want {
			t.Errorf("%s %s: %d %s", name, body, status, text)
		}
	}
	post("message", `{"text":"Writing","for":"1h"}`, 200)
	if m := s.User("self").StatusMessage; m == nil || m.Content != "Writing" || !m.Expires.Equal(s.clock().Add(time.Hour)) {
		t.Errorf("%+v", m)
	}
	post("message", `{"text":""}`, 200)
	if m := s.User("self").StatusMessage; m != nil {
		t.Errorf("%+v", m)
	}
	post("message", `{"text":"Writing","for":"-1h"}`, 400)
	post("message", `{"user":"nobody","text":"Writing"}`, 400)
	post("lag", `{"by":"-4s"}`, 400)
	post("lag", `{"by":"4s"}`, 200)
	if s.readLag != 4*time.Second {
		t.Errorf("reads lag by %s", s.readLag)
	}
	post("reset", "", 200)
	if s.readLag != 0 {
		t.Errorf("after a reset reads lag by %s", s.readLag)
	}
}
