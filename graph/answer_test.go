package graph

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"heliograph/detect"
	"heliograph/graph/emu"
	"heliograph/graph/presence"
)

const page = "<!DOCTYPE html><title>Sign in to this network</title>"

// unknownOutcome checks the error of a request of which nobody knows whether
// Graph has seen it: the network is to blame, nothing was refused, and nobody has
// to sign in.
func unknownOutcome(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: taken for done", what)
		return
	}
	for _, kind := range []error{presence.ErrSignIn, presence.ErrRefused, presence.ErrAnswered} {
		if errors.Is(err, kind) {
			t.Errorf("%s: %v, which is %v", what, err, kind)
		}
	}
	if strings.Contains(err.Error(), "password") {
		t.Errorf("%s: %v", what, err)
	}
	if key := Explain(err).Key; key != "network" {
		t.Errorf("%s: %v, explained as %s", what, err, key)
	}
}

// TestSuccessThatIsNotGraphs: a write counts only if the answer is Graph's.
func TestSuccessThatIsNotGraphs(t *testing.T) {
	mark := []string{"Request-Id", "8a3c1f1e-0000-4000-8000-000000000001"}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		done   bool
	}{
		"nothing":            {answer(200, ""), true},
		"no_content":         {answer(204, ""), true},
		"json_nothing":       {answer(200, "", "Content-Type", "application/json;odata.metadata=minimal"), true},
		"json_empty":         {answer(202, "{}"), true},
		"json_odata":         {answer(200, `{"@odata.context":"x","@odata.null":true}`), true},
		"marked_text":        {answer(200, "", append(mark, "Content-Type", "text/plain")...), true},
		"marked_json":        {answer(200, `{"value":null}`, mark...), true},
		"page":               {answer(200, page, "Content-Type", "text/html"), false},
		"page_marked":        {answer(200, page, append(mark, "Content-Type", "text/html")...), false},
		"page_empty":         {answer(200, "", "Content-Type", "text/html; charset=utf-8"), false},
		"page_as_json":       {answer(200, page, "Content-Type", "application/json"), false},
		"page_without_type":  {answer(200, page, "Content-Type", ""), false},
		"prose":              {answer(200, "fine"), false},
		"text_empty":         {answer(200, "", "Content-Type", "text/plain"), false},
		"list":               {answer(200, "[]"), false},
		"null":               {answer(200, "null"), false},
		"json_of_a_portal":   {answer(200, `{"login":"http://portal.example/"}`), false},
		"json_error":         {answer(200, `{"error":{"code":"Forbidden"}}`), false},
		"half":               {answer(200, `{"@odata.context":`), false},
		"broken_off":         {answer(200, "{", "Content-Length", "5000"), false},
		"created_page":       {answer(201, page, "Content-Type", "text/html"), false},
		"no_authority":       {answer(203, page, "Content-Type", "application/xhtml+xml"), false},
		"content_of_a_range": {answer(206, "x", "Content-Type", "application/octet-stream"), false},
	} {
		client := (&scripted{answers: []func(http.ResponseWriter){c.answer}}).client(t)
		for what, err := range map[string]error{
			"setPresence":                client.SetPresence(t.Context(), presence.Away, time.Hour),
			"clearPresence":              client.ClearPresence(t.Context()),
			"setUserPreferredPresence":   client.SetPreferred(t.Context(), presence.PreferBusy, time.Hour),
			"clearUserPreferredPresence": client.ClearPreferred(t.Context()),
			"setStatusMessage":           client.SetStatusMessage(t.Context(), "hi", time.Time{}),
		} {
			switch {
			case !c.done:
				unknownOutcome(t, name+": "+what, err)
			case err != nil:
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}

// TestReadsNeedAPresence: an answer that is not a presence resource does not count
// as a read; otherwise the user's own choice would be taken for gone. Words are passed on as they are.
func TestReadsNeedAPresence(t *testing.T) {
	for name, body := range map[string]string{
		"empty_object": `{}`, "no_activity": `{"availability":"Busy"}`, "no_availability": `{"activity":"Busy"}`, "empty": `{"availability":"","activity":""}`,
		"nulls": `{"availability":null,"activity":null}`, "number": `{"availability":1,"activity":2}`, "list": `[{"availability":"Busy","activity":"Busy"}]`,
		"collection": `{"value":[{"availability":"Busy","activity":"Busy"}]}`, "portal": `{"login":"http://portal.example/"}`, "page": page, "nothing": "",
		"half": `{"availability":"Busy","activity":"Bu`, "error": `{"error":{"code":"Forbidden"}}`, "null": "null",
		"bad_message": `{"availability":"Busy","activity":"Busy","statusMessage":"hi"}`,
	} {
		got, err := (&scripted{answers: []func(http.ResponseWriter){answer(200, body)}}).client(t).Shown(t.Context())
		unknownOutcome(t, name, err)
		if got != (presence.Shown{}) {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
	for _, word := range []string{"PresenceUnknown", "Offline", "available", "SomethingNew", "Verfügbar", " "} {
		body := `{"availability":"` + word + `","activity":"` + word + `"}`
		got, err := (&scripted{answers: []func(http.ResponseWriter){answer(200, body)}}).client(t).Shown(t.Context())
		if err != nil || got.Pair != (presence.Pair{Availability: word, Activity: word}) {
			t.Errorf("%q is read as %q, %v", word, got.Pair, err)
		}
	}
}

// TestMarkedSuccessOfAnotherShape: an answer with Graph's mark came from Graph, so
// that only this request has failed and the others go on.
func TestMarkedSuccessOfAnotherShape(t *testing.T) {
	for _, body := range []string{`{}`, `{"availability":"","activity":""}`, `null`, `{"error":{"code":"Forbidden"}}`} {
		s := &scripted{answers: []func(http.ResponseWriter){answer(200, body, "request-id", "8a3c1f1e-0000-4000-8000-000000000001")}}
		_, err := s.client(t).Shown(t.Context())
		if !errors.Is(err, presence.ErrAnswered) || errors.Is(err, presence.ErrRefused) || Explain(err).Key != "server" {
			t.Errorf("%s: %v, explained as %s", body, err, Explain(err).Key)
		}
	}
}

// TestCaptivePortal: a hotspot answers everything with its page and 200, while a
// person chooses a status and locks the screen. Nothing of that counts as done.
func TestCaptivePortal(t *testing.T) {
	simulate(t, office, func(d *day) {
		d.signIn()
		d.pass(time.Minute)
		d.fault(emu.Fault{Page: true, For: emu.Duration(8 * time.Minute)})
		began := time.Now()
		d.choose(presence.ChoseDND, 0)
		d.pass(4 * time.Minute)
		if n := len(d.requests("", began)); n > 17+3*4 {
			t.Errorf("%d requests in four minutes of a portal", n)
		}
		s := d.loop.State()
		if s.Choice.Status != presence.ChoseDND || s.Err == nil || !s.SignedIn || Explain(s.Err).Key != "network" {
			t.Errorf("at the portal: chosen %v, %v, signed in %v", s.Choice.Status, s.Err, s.SignedIn)
		}
		d.choose(presence.Automatic, 0)
		d.observe(func(a *detect.Activity) { a.Locked = true })
		d.pass(5 * time.Minute) // the portal ends, and a back-off of up to a minute
		d.shows("Away/Away")
		if u := d.server.User("self"); u.Preferred != nil {
			t.Errorf("a preferred presence is left: %+v", u.Preferred)
		}
		if s := d.loop.State(); s.Err != nil {
			t.Errorf("afterwards: %v", s.Err)
		}
	})
}
