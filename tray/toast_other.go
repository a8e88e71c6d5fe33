//go:build !linux && !windows && !darwin

package tray

import (
	"context"

	"github.com/gen2brain/beeep"
)

// sender shows toasts through beeep.
type sender struct{ icon []byte }

func newSender(name string, icon []byte) *sender {
	beeep.AppName = name
	return &sender{icon}
}

func (s *sender) send(ctx context.Context, n Toast) error { return beep(ctx, n, s.icon) }

func (*sender) close() {}
