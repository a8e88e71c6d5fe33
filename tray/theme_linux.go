package tray

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
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

// watchTheme follows the desktop's preference until ctx ends, also when the
// session bus ends and is back. It does not start the portal. The theme is dark
// until the preference is known; the error is why the first look failed.
func watchTheme(ctx context.Context) (*theme, error) {
	t := &theme{ch: make(chan struct{}, 1)}
	first := make(chan error, 1)
	go t.keep(ctx, first)
	select {
	case err := <-first:
		return t, err
	case <-time.After(themePatience):
		return t, nil
	}
}

// keep follows the preference until ctx ends. first gets the outcome of the first
// look.
func (t *theme) keep(ctx context.Context, first chan<- error) {
	pause := reopenPause()
	for {
		began := time.Now()
		err := t.follow(ctx, func() { answer(first, nil) })
		answer(first, err)
		if time.Since(began) > reopenSteady {
			pause.Reset()
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
			return
		}
	}
}

// answer sends the first outcome; nobody waits for others.
func answer(first chan<- error, err error) {
	select {
	case first <- err:
	default:
	}
}

// follow reads the preference, calls ready and follows it until ctx or the session
// bus ends.
func (t *theme) follow(ctx context.Context, ready func()) error {
	conn, err := bus.Session(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	signals := bus.Signals(conn)
	if err := t.ask(ctx, conn); err != nil {
		return err
	}
	ready()
	bus.EachSignal(conn, signals, func(sig *dbus.Signal) {
		if len(sig.Body) == 3 && sig.Body[1] == "color-scheme" {
			if v, ok := sig.Body[2].(dbus.Variant); ok {
				t.take(v)
			}
		}
	})
	return nil
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
	if t.light.Swap(light) == light {
		return
	}
	select {
	case t.ch <- struct{}{}:
	default:
	}
}

func (t *theme) dark() bool { return !t.light.Load() }

// changed delivers a value after dark has changed.
func (t *theme) changed() <-chan struct{} { return t.ch }
