package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"heliograph/tray/control"
	"heliograph/tray/folders"
)

// Quit carries out `quit`: it ends the running instance. It returns an error
// that names what could not be cleared at Microsoft.
func (a *App) Quit(ctx context.Context, _ []string) error {
	dir, err := folders.Runtime()
	if err != nil {
		return err
	}
	r, err := control.Quit(ctx, dir)
	if err != nil {
		return err
	}
	if !r.Cleared {
		return fmt.Errorf("heliograph has quit, but could not clear; %s", leftover(r.Left, time.Now()))
	}
	if len(r.Left) > 0 {
		return a.line("heliograph has quit; its presence was left to another computer or to Teams: %s.", leftover(r.Left, time.Now()))
	}
	return a.line("heliograph has quit; what it had set at Microsoft is cleared.")
}

// leftover says what colleagues may still see, as in "Busy until 04:05 at the
// latest". A preferred presence hides a session.
func leftover(left []control.Left, now time.Time) string {
	shown := control.LeftSession
	for _, l := range left {
		if l.What == control.LeftPreferred {
			shown = control.LeftPreferred
		}
	}
	var parts []string
	for _, l := range left {
		until := " until " + endClock(l.Until, now)
		switch {
		case l.What == control.LeftMessage:
			parts = append(parts, "your status message"+until)
		case l.What == shown && l.Presence != nil:
			parts = append(parts, presenceName(l.Presence.Availability)+until)
		case l.What == shown:
			parts = append(parts, "the presence of an earlier run"+until)
		}
	}
	return strings.Join(parts, " and ") + " at the latest"
}

// presenceName returns an availability of Graph's in plain English.
func presenceName(availability string) string {
	switch availability {
	case "DoNotDisturb":
		return "Do not disturb"
	case "BeRightBack":
		return "Be right back"
	}
	return availability
}

// endClock returns an instant after now: the time, with the day unless that is
// today.
func endClock(t, now time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("Mon 15:04")
}
