package emu

import (
	"testing"
	"time"
)

// TestSwitches: each switch changes one answer.
func TestSwitches(t *testing.T) {
	busy := func(session, more string) string {
		return `{"sessionId":"` + session + `","availability":"Busy","activity":"InACall"` + more + `}`
	}
	const otherID = "11111111-2222-3333-4444-555555555555"
	for _, c := range []struct {
		name    string
		on      Switches
		body    string
		off, to int // the status without and with the switch
	}{
		{"AllowUnknownProperties", Switches{AllowUnknownProperties: true}, busy(AppID, `,"mood":"good"`), 400, 200},
		{"AnySessionID", Switches{AnySessionID: true}, busy(otherID, ""), 400, 200},
		{"NoContent", Switches{NoContent: true}, busy(AppID, ""), 200, 204},
	} {
		for _, on := range []bool{false, true} {
			o, want := Options{}, c.off
			if on {
				o.Switches, want = c.on, c.to
			}
			s := New(o)
			one := client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}
			if status, text, _ := one.do("POST", "/me/presence/setPresence", []byte(c.body), nil); status != want {
				t.Errorf("%s %v: %d, want %d: %s", c.name, on, status, want, text)
			}
		}
	}
	for on, want := range map[bool]string{false: "Offline", true: "AvailableInactive"} {
		s := New(Options{Switches: Switches{FadeBeforeExpiry: on}})
		act(client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}, "setPresence Available/Available PT5M")
		if err := s.advance(5 * time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := s.User("self").Shown.Activity; got != want {
			t.Errorf("FadeBeforeExpiry %v: %s, want %s", on, got, want)
		}
	}
}
