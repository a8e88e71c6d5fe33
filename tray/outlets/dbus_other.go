//go:build !linux

package outlets

import (
	"context"
	"errors"
)

// BusName is where other programs find heliograph on a Linux session bus.
const BusName = "org.heliograph.Heliograph1"

type bus struct{}

func newBus(*report) (*bus, error) {
	return nil, errors.New("not supported here: this system has no session bus")
}

func (*bus) run(context.Context, <-chan State) {}
