package tray

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// shade tells whether the desktop is dark. Panels are dark on most desktops
// even under a light theme, so dark is the answer where nothing is known.
type shade struct {
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

// watchShade reads the desktop's preference and follows it; the portal is not
// started for it.
func watchShade(ctx context.Context) (*shade, error) {
	s := &shade{ch: make(chan struct{}, 1)}
	conn, err := bus.Session(ctx)
	if err != nil {
		return s, err
	}
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(portalSettings), dbus.WithMatchMember("SettingChanged"), dbus.WithMatchArg(0, appearance)); err != nil {
		conn.Close()
		return s, fmt.Errorf("appearance cannot be followed: %w", err)
	}
	var owned bool
	if conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, portalName).Store(&owned) == nil && owned {
		var v dbus.Variant
		if conn.Object(portalName, portalPath).CallWithContext(ctx, portalSettings+".Read", 0, appearance, "color-scheme").Store(&v) == nil {
			s.take(v)
		}
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	go func() { // ends with the connection
		for sig := range signals {
			if len(sig.Body) == 3 && sig.Body[1] == "color-scheme" {
				if v, ok := sig.Body[2].(dbus.Variant); ok {
					s.take(v)
				}
			}
		}
	}()
	return s, nil
}

// take reads a colour scheme; the portal's Read wraps it twice.
func (s *shade) take(v dbus.Variant) {
	for {
		inner, ok := v.Value().(dbus.Variant)
		if !ok {
			break
		}
		v = inner
	}
	if n, ok := v.Value().(uint32); ok && s.light.Swap(n == preferLight) != (n == preferLight) {
		select {
		case s.ch <- struct{}{}:
		default:
		}
	}
}

func (s *shade) dark() bool               { return !s.light.Load() }
func (s *shade) changed() <-chan struct{} { return s.ch }
