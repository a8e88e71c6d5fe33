//go:build !linux

package tray

import "context"

// ProbeHost tells what shows a tray icon: here it is part of the system.
func ProbeHost(ctx context.Context) (backend string, err error) { return "system", ctx.Err() }

// ProbeToast tells which service shows notices: here it is part of the system.
func ProbeToast(ctx context.Context) (backend string, err error) { return "system", ctx.Err() }
