//go:build !linux

package outlets

import (
	"context"
	"errors"

	"heliograph/tray/control"
)

// BusName is heliograph's name on a Linux session bus.
const BusName = "org.heliograph.Heliograph1"

// busService is not available: this system has no session bus.
type busService struct{}

func newBusService(*report) (*busService, error) {
	return nil, errors.New("not supported here: this system has no session bus")
}

func (*busService) run(context.Context, <-chan control.State) {}
