//go:build !linux && !windows

package tray

import (
	"context"
	"fmt"

	"github.com/gen2brain/beeep"
)

// sender shows toasts through beeep, which has neither buttons nor a way to
// take an earlier toast's place.
type sender struct{}

func (*sender) send(_ context.Context, t *Toaster, n Toast) error {
	beeep.AppName = t.name
	if err := beeep.Notify(n.Title, n.Body, t.icon); err != nil {
		return fmt.Errorf("the notice was not shown: %w", err)
	}
	return nil
}

func (*sender) close() {}
