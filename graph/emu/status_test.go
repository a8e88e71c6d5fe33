package emu

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestEndOfAMessageIsAnsweredInAZone: Graph may answer in a Windows zone; the
// instant is the one that was set, in summer and winter.
func TestEndOfAMessageIsAnsweredInAZone(t *testing.T) {
	for _, c := range []struct{ zone, set, in, want, wantZone string }{
		{"", "2030-01-31T12:00:00", "UTC", "2030-01-31T12:00:00.0000000", "UTC"},
		{"", "2030-01-31T12:00:00", "Europe/Berlin", "2030-01-31T11:00:00.0000000", "UTC"},
		{"Pacific Standard Time", "2030-01-31T12:00:00", "UTC", "2030-01-31T04:00:00.0000000", "Pacific Standard Time"},
		{"Pacific Standard Time", "2030-07-31T12:00:00", "UTC", "2030-07-31T05:00:00.0000000", "Pacific Standard Time"},
		{"W. Europe Standard Time", "2030-07-31T12:00:00.5", "Tokyo Standard Time", "2030-07-31T05:00:00.5000000", "W. Europe Standard Time"},
		{"Mars Standard Time", "2030-01-31T12:00:00", "UTC", "2030-01-31T12:00:00.0000000", "UTC"},
	} {
		s := New(Options{Switches: Switches{StatusZone: c.zone}})
		one := client{t, httptestURL(t, s) + "/v1.0", authFor(t, s, "delegated-self")}
		body := strings.NewReplacer("AT", c.set, "ZONE", c.in).Replace(
			`{"statusMessage":{"message":{"content":"x","contentType":"text"},"expiryDateTime":{"dateTime":"AT","timeZone":"ZONE"}}}`)
		if status, text, _ := one.do("POST", "/me/presence/setStatusMessage", []byte(body), nil); status != 200 {
			t.Fatal(status, text)
		}
		_, text, _ := one.do("GET", "/me/presence", nil, nil)
		var got struct {
			StatusMessage struct {
				ExpiryDateTime struct{ DateTime, TimeZone string }
			}
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if e := got.StatusMessage.ExpiryDateTime; e.DateTime != c.want || e.TimeZone != c.wantZone {
			t.Errorf("%+v: answered %+v", c, e)
		}
	}
}
