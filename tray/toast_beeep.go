//go:build !linux && !darwin

package tray

import (
	"context"
	"fmt"
	"time"

	"github.com/gen2brain/beeep"
)

// beepTimeout bounds beeep, which may start PowerShell on Windows: that takes
// seconds on a busy computer.
const beepTimeout = 10 * time.Second

// beep shows a toast through beeep, which has neither buttons nor a way to
// replace an earlier toast. It takes no context: a call that takes longer than
// beepTimeout, or than ctx, is abandoned.
func beep(ctx context.Context, n Toast, icon []byte) error {
	ctx, cancel := context.WithTimeout(ctx, beepTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- beeep.Notify(n.Title, n.body(), icon) }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("the system did not show the toast: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the system does not show the toast: %w", ctx.Err())
	}
}
