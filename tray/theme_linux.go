package tray

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
	"heliograph/detect/latest"
)

// theme knows whether the desktop is dark. Panels are dark on most desktops
// even under a light theme, so dark is the answer where nothing is known.
type theme struct {
	light atomic.Bool
	ch    chan struct{}
}

// Names of the appearance setting.
//
// Source: https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html
const (
	portalName     = "org.freedesktop.portal.Desktop"
	portalPath     = "/org/freedesktop/portal/desktop"
	portalSettings = "org.freedesktop.portal.Settings"
	appearance     = "org.freedesktop.appearance"
	preferLight    = 2
)

// themePatience is how long the icon waits for the theme, so that it is not drawn
// twice: a portal that runs answers within milliseconds.
const themePatience = 250 * time.Millisecond

// watchTheme returns a theme that is dark until follow knows better.
func watchTheme(context.Context) (*theme, error) {
	return &theme{ch: make(chan struct{}, 1)}, nil
}

// follow reads the preference, and follows it until the connection ends, in a
// goroutine of owned. It does not start the portal, and does not wait for one that
// is silent. The error is why the first look failed.
func (t *theme) follow(conn *dbus.Conn, owned *sync.WaitGroup) error {
	signals := bus.Signals(conn)
	asked := make(chan error, 1)
	owned.Go(func() {
		asked <- t.ask(conn.Context(), conn)
		bus.EachSignal(conn, signals, func(sig *dbus.Signal) {
			if sig.Name != portalSettings+".SettingChanged" || len(sig.Body) != 3 || sig.Body[1] != "color-scheme" {
				return
			}
			if v, ok := sig.Body[2].(dbus.Variant); ok {
				t.take(v)
			}
		})
	})
	select {
	case err := <-asked:
		return err
	case <-time.After(themePatience):
		return nil
	}
}

// ask subscribes to changes and reads the present preference, if a portal runs.
func (t *theme) ask(ctx context.Context, conn *dbus.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(portalSettings), dbus.WithMatchMember("SettingChanged"), dbus.WithMatchArg(0, appearance)); err != nil {
		return fmt.Errorf("the desktop's theme cannot be followed: %w", err)
	}
	if there, err := bus.HasOwner(ctx, conn, portalName); err != nil || !there {
		return err
	}
	var v dbus.Variant
	if err := conn.Object(portalName, portalPath).CallWithContext(ctx, portalSettings+".Read", 0, appearance, "color-scheme").Store(&v); err == nil {
		t.take(v) // a portal without the setting answers with an error
	}
	return nil
}

// take stores a colour scheme; the portal's Read wraps it in two variants.
func (t *theme) take(v dbus.Variant) {
	for {
		inner, ok := v.Value().(dbus.Variant)
		if !ok {
			break
		}
		v = inner
	}
	n, ok := v.Value().(uint32)
	if !ok {
		return
	}
	light := n == preferLight
	if t.light.Swap(light) != light {
		latest.Notify(t.ch)
	}
}

func (t *theme) dark() bool { return !t.light.Load() }

// changed delivers a value after dark has changed.
func (t *theme) changed() <-chan struct{} { return t.ch }
