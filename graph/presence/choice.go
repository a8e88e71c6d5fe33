package presence

import (
	"fmt"
	"strings"
	"time"
)

// Status is what a person can choose.
type Status string

// The statuses of the menu and the command line.
const (
	Automatic      Status = "automatic" // show what the person does
	ChoseAvailable Status = "available"
	ChoseBusy      Status = "busy"
	ChoseDND       Status = "dnd"
	ChoseBRB       Status = "brb"
	ChoseAway      Status = "away"
	ChoseOffline   Status = "offline"
	Paused         Status = "paused" // leave Teams alone
)

// Statuses lists what a person can choose by name, in menu order: all but
// Paused, which is a command of its own.
func Statuses() []Status {
	return []Status{Automatic, ChoseAvailable, ChoseBusy, ChoseDND, ChoseBRB, ChoseAway, ChoseOffline}
}

// ParseStatus decodes the name of one of Statuses, without regard to case.
func ParseStatus(s string) (Status, error) {
	want := Status(strings.ToLower(strings.TrimSpace(s)))
	names := make([]string, 0, 7)
	for _, k := range Statuses() {
		if k == want {
			return k, nil
		}
		names = append(names, string(k))
	}
	return "", fmt.Errorf("unknown status %q: use one of %s", s, strings.Join(names, ", "))
}

// Preferred returns the preferred presence that shows a status in Teams; the
// zero Pair for Automatic and Paused.
func (s Status) Preferred() Pair {
	switch s {
	case ChoseAvailable:
		return PreferAvailable
	case ChoseBusy:
		return PreferBusy
	case ChoseDND:
		return PreferDoNotDisturb
	case ChoseBRB:
		return PreferBeRightBack
	case ChoseAway:
		return PreferAway
	case ChoseOffline:
		return PreferOffline
	}
	return Pair{}
}

// Choice is the status that the user has chosen. The zero Choice is Automatic.
type Choice struct {
	Status Status    `json:"status"`
	Since  time.Time `json:"since,omitzero"`
	// Until is when the choice falls back to Automatic; zero: until changed.
	Until time.Time `json:"until,omitzero"`
	// Message is a status message to show meanwhile; empty: leave the message
	// alone.
	Message string `json:"message,omitempty"`
}

// At returns the choice that holds at now: c, or Automatic once c has ended.
func (c Choice) At(now time.Time) Choice {
	if c.Status == "" || c.Status == Automatic || (!c.Until.IsZero() && !now.Before(c.Until)) {
		return Choice{Status: Automatic}
	}
	return c
}
