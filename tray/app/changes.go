package app

import (
	"reflect"

	"heliograph/detect/latest"
	"heliograph/tray/control"
)

// changes passes each state to its followers, unless it equals the one before.
// A follower that is slow gets the newest one.
type changes struct {
	states latest.Broadcast[control.State]
}

// publish makes s the newest state. Only one goroutine at a time may call it.
func (c *changes) publish(s control.State) {
	if last, ok := c.states.Last(); ok && reflect.DeepEqual(last, s) {
		return
	}
	c.states.Publish(s)
}

// subscribe returns a channel that holds the newest state, and a function that
// ends the subscription.
func (c *changes) subscribe() (<-chan control.State, func()) { return c.states.Subscribe() }
