package cli

import (
	"testing"
	"time"

	"heliograph/tray/control"
)

// TestLeftover names what colleagues see: the preferred presence rather than
// the session beneath it, and each end.
func TestLeftover(t *testing.T) {
	now := time.Date(2026, 3, 25, 16, 5, 0, 0, time.UTC)
	tonight, tomorrow := now.Add(2*time.Hour), now.Add(12*time.Hour)
	pair := func(availability string) *control.Pair {
		return &control.Pair{Availability: availability, Activity: availability}
	}
	available, busy, dnd := pair("Available"), pair("Busy"), pair("DoNotDisturb")
	session := control.Left{What: control.LeftSession, Presence: available, Until: tonight}
	for want, left := range map[string][]control.Left{
		"Available until 18:05 at the latest": {session},
		"Busy until Thu 04:05 at the latest":  {session, {What: control.LeftPreferred, Presence: busy, Until: tomorrow}},
		"Do not disturb until 18:05 and Busy until 18:05 at the latest": {
			{What: control.LeftPreferred, Presence: dnd, Until: tonight}, {What: control.LeftPreferred, Presence: busy, Until: tonight}},
		"Available until 18:05 and your status message until 18:05 at the latest": {session, {What: control.LeftMessage, Until: tonight}},
		"the presence of an earlier run until 18:05 at the latest":                {{What: control.LeftSession, Until: tonight}},
	} {
		if got := leftover(left, now); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
