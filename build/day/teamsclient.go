package day

import (
	"slices"
	"time"
)

// withTeamsClient adds what a Teams client on the computer shows by itself: it
// knows its own calls, and goes away with the person.
func withTeamsClient(events []Event, has bool) []Event {
	if !has {
		return events
	}
	c := teamsClient{}
	for i, e := range events {
		until := dayLength
		if i+1 < len(events) {
			until = events[i+1].At
		}
		c.follow(e, until)
	}
	slices.SortStableFunc(c.events, func(a, b Event) int { return int(a.At - b.At) })
	return c.events
}

// teamsClient follows the person at the computer on which it runs.
type teamsClient struct {
	events                   []Event
	who                      string
	on, asleep, away, inCall bool
	resting                  bool
	since                    time.Duration
	shows                    string
}

func (c *teamsClient) follow(e Event, until time.Duration) {
	c.events = append(c.events, e)
	if e.Machine != 0 {
		return
	}
	switch e.Kind {
	case PowerOn, Wake:
		c.on, c.asleep = true, false
	case PowerOff, Sleep:
		c.on, c.inCall = false, c.inCall && e.Kind == Sleep
	case SignIn:
		// Teams is signed in as the person is in heliograph.
		c.show(e.At, "")
		c.who = e.Who
	case Input, Unlock, Returns:
		c.away, c.resting = false, false
	case Lock, Elsewhere:
		c.away = true
	case Rest:
		c.resting, c.since = true, e.At
	case CallBegins, CallEnds:
		if e.App == teamsApp {
			c.inCall = e.Kind == CallBegins
		}
	}
	c.show(e.At, c.status(e.At))
	if idle := c.since + 5*time.Minute; c.resting && e.At < idle && idle < until {
		c.show(idle, c.status(idle))
	}
}

func (c *teamsClient) status(at time.Duration) string {
	switch {
	case !c.on:
		return ""
	case c.inCall:
		return "Busy"
	case c.away, c.resting && at >= c.since+5*time.Minute:
		return "Away"
	}
	return "Available"
}

func (c *teamsClient) show(at time.Duration, status string) {
	if c.who == "" || status == c.shows {
		return
	}
	c.shows = status
	c.events = append(c.events, Event{At: at + 1, Kind: Client, Status: status, Who: c.who})
}
