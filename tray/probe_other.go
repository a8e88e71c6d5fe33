//go:build !linux && !darwin

package tray

import "context"

// ProbeHost returns what shows tray icons: here it is part of the system.
func ProbeHost(ctx context.Context) (backend string, err error) { return "system", ctx.Err() }

// ProbeToast returns what shows toasts: here it is part of the system.
func ProbeToast(ctx context.Context) (backend string, err error) { return "system", ctx.Err() }
