package emu

import (
	"strings"
	"testing"
)

// TestReportedAnswers: answers of Microsoft that its documents do not describe,
// and that people have reported.
func TestReportedAnswers(t *testing.T) {
	s := stopped()
	base := httptestURL(t, s) + "/v1.0"
	with := func(scopes ...string) client {
		token, err := s.IssueToken(TokenRequest{Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return client{t, base, token}
	}
	reads, writes := with("Presence.Read"), with("Presence.ReadWrite")
	for _, c := range []struct {
		who    client
		action string
		body   string
		want   int
		text   string // a part of the answer
	}{
		{writes, "setPresence", `{"availability":"Busy","activity":"InACall"}`, 400, `"code":"InvalidArgument","innerError"`},
		{writes, "clearPresence", `{}`, 400, `"message":"[SessionId]: The SessionId field is required."`},
		{reads, "clearPresence", `{}`, 400, `[SessionId]`}, // before the permission
		{reads, "clearPresence", `{"sessionId":"` + AppID + `"}`, 403, `"code":"Forbidden"`},
		{reads, "setPresence", `{"sessionId":"` + AppID + `","availability":"Busy","activity":"InACall"}`, 403, `"message":""`},
		{writes, "clearUserPreferredPresence", `{}`, 200, ""},
		{writes, "clearUserPreferredPresence", `{}`, 200, ""},
	} {
		status, text, _ := c.who.do("POST", "/me/presence/"+c.action, []byte(c.body), map[string]string{"Content-Type": "application/json"})
		if status != c.want || !strings.Contains(text, c.text) {
			t.Errorf("%s %s: %d %s, want %d %s", c.action, c.body, status, text, c.want, c.text)
		}
	}
}
