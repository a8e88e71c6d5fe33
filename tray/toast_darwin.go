package tray

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"heliograph/detect/corefoundation"
)

// toastTimeout bounds the delivery of one toast, askTimeout the part of it in
// which the person may permit it.
const (
	toastTimeout = 10 * time.Second
	askTimeout   = 3 * time.Second
)

// osascript is part of macOS. What it shows carries the name of Script Editor.
//
// Source: man 1 osascript
const osascript = "/usr/bin/osascript"

// sender shows toasts as the program's own notifications where macOS has those
// for it, that is, in a signed bundle; else through osascript.
type sender struct {
	center *center // nil: none
}

func newSender(string, []byte) *sender {
	c, err := openCenter()
	if err != nil {
		return &sender{}
	}
	return &sender{center: c}
}

func (s *sender) send(ctx context.Context, n Toast) error {
	ctx, cancel := context.WithTimeout(ctx, toastTimeout)
	defer cancel()
	if s.center != nil {
		own, err := judgePermission(s.center.permission(ctx, askTimeout))
		switch {
		case err != nil:
			return err
		case own:
			return s.center.show(ctx, n)
		}
	}
	cmd := exec.CommandContext(ctx, osascript, "-e", appleScript(n))
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("osascript did not show the toast: %w (%d bytes of output)", err, len(out))
	}
	return nil
}

func (s *sender) close() {}

// ProbeHost returns what shows tray icons.
func ProbeHost(ctx context.Context) (backend string, err error) {
	if err := checkMenuBar(); err != nil {
		return "", err
	}
	return "AppKit", ctx.Err()
}

// ProbeToast returns what shows toasts.
func ProbeToast(ctx context.Context) (backend string, err error) {
	c, err := openCenter()
	if err != nil {
		return "osascript", ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, toastTimeout)
	defer cancel()
	var may permission
	corefoundation.Pool(func() { may, err = c.status(ctx) })
	switch {
	case err != nil:
		return "", err
	case may == permissionDenied:
		return "", errToastsOff
	}
	return "UserNotifications", nil
}
