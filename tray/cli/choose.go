package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"heliograph/graph/presence"
	"heliograph/graph/zone"
	"heliograph/tray/control"
	"heliograph/tray/settings"
	"heliograph/tray/words"
)

// Choose carries out `set`, `auto` and `pause`: the user's own choice.
type Choose struct {
	*App
	// Status is what is chosen; empty: the argument.
	Status presence.Status
	// For and Until say when Automatic comes back; at most one of them is set.
	// Message is the status message until then.
	For, Until, Message string
}

// Statuses returns what `set` takes.
func Statuses() (names []string) {
	for _, s := range presence.Statuses() {
		names = append(names, string(s))
	}
	return names
}

// otherNames are what people type for a status, beside its own name.
var otherNames = map[string]presence.Status{
	"auto": presence.Automatic, "pause": presence.Paused, "paused": presence.Paused, "free": presence.ChoseAvailable,
	"donotdisturb": presence.ChoseDND, "do-not-disturb": presence.ChoseDND, "berightback": presence.ChoseBRB, "be-right-back": presence.ChoseBRB,
}

// parseStatus reads a status as a person types it.
func parseStatus(name string) (presence.Status, error) {
	if s, ok := otherNames[strings.ToLower(name)]; ok {
		return s, nil
	}
	return presence.ParseStatus(name)
}

// Flags adds the flags of `set`.
func (c *Choose) Flags(f *pflag.FlagSet) {
	c.Ends(f)
	f.StringVar(&c.Message, "message", "", "show `TEXT` as the status message meanwhile, then what was there before")
}

// Ends adds the flags of `pause`.
func (c *Choose) Ends(f *pflag.FlagSet) {
	usage := "go back to automatic after `SPAN`, as in 30m, 1h30m or 2d"
	if c.Status == presence.Paused {
		usage += fmt.Sprintf(" (default %gh)", control.DefaultPause.Hours())
	}
	f.StringVar(&c.For, "for", "", usage)
	f.StringVar(&c.Until, "until", "", "go back to automatic at `TIME`, as in 17:00, tomorrow, \"tomorrow 9:00\" or \"mon 9:00\"; a day without a time means work_from of the settings, 08:00 by default")
}

// Run chooses a status and prints on one line what follows from it.
func (c *Choose) Run(ctx context.Context, args []string) error {
	a := control.ChooseArgs{Status: string(c.Status), Message: c.Message}
	if len(args) == 1 {
		status, err := parseStatus(args[0])
		if err != nil {
			return UsageError{err}
		}
		a.Status = string(status)
	}
	now := time.Now().In(zone.Local())
	end, err := c.end(now, presence.Status(a.Status))
	if err != nil {
		return UsageError{err}
	}
	a.Until = end
	var s control.State
	if err := c.ask(ctx, control.VerbChoose, a, &s); err != nil {
		return err
	}
	if err := c.line("%s", chosen(s)); err != nil {
		return err
	}
	if s.Account == nil {
		fmt.Fprintln(c.Err, "heliograph: colleagues don't see it.", adviceFor(presence.ErrSignIn))
		return printedError{presence.ErrSignIn}
	}
	if s.Error != nil {
		// The choice is kept and posted as soon as that works.
		fmt.Fprintln(c.Err, "heliograph: colleagues may not see it yet:", *s.Error)
	}
	return nil
}

// end returns when a status ends; zero: when it is changed.
func (c *Choose) end(now time.Time, s presence.Status) (time.Time, error) {
	if c.Until == "" && c.For == "" && s == presence.Paused {
		return now.Add(control.DefaultPause).Round(0), nil
	}
	switch {
	case c.Until != "" && c.For != "":
		return time.Time{}, fmt.Errorf("--for and --until are two ends: use one of them")
	case c.Until != "":
		return ParseUntil(c.Until, now, c.hours())
	case c.For != "":
		d, err := ParseSpan(c.For)
		return now.Add(d).Round(0), err
	}
	return time.Time{}, nil
}

// hours say when a day begins. A status is set even if the settings are wrong.
func (c *Choose) hours() presence.Hours {
	s := settings.Value{Config: settings.Default()}
	if o, err := c.openSettings(nil); err == nil {
		s = o.Value()
	}
	return s.Automatic.Hours()
}

// chosen returns the line that answers a choice: what is wanted from now on.
// What colleagues see follows, and status tells it.
func chosen(s control.State) string {
	if s.Choice.Status != string(presence.Automatic) {
		var until time.Time
		if s.Choice.Until != nil {
			until = *s.Choice.Until
		}
		return words.Status(presence.Status(s.Choice.Status)) + words.Until(until)
	}
	if s.Wanted == nil || s.Reason == nil {
		return s.Sentence()
	}
	return words.Pair(presence.Pair(*s.Wanted)) + ": " + s.Reason.Text
}
