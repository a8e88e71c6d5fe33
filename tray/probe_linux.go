package tray

import (
	"context"
	"errors"
	"fmt"

	"heliograph/detect/bus"
)

// ProbeHost tells what would show a tray icon, or why nothing would.
func ProbeHost(ctx context.Context) (backend string, err error) {
	conn, err := bus.Session(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	var there bool
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&there); err != nil {
		return "", fmt.Errorf("tray hosts cannot be looked for: %w", err)
	}
	if !there {
		return "", errors.New("nothing on this desktop shows tray icons")
	}
	v, err := conn.Object(watcherName, "/StatusNotifierWatcher").GetProperty(watcherName + ".IsStatusNotifierHostRegistered")
	if host, ok := v.Value().(bool); err != nil || !ok || !host {
		return watcherName, errors.New("tray icons are collected, but nothing shows them")
	}
	return watcherName, nil
}

// ProbeToast tells which service shows notices, or why none would.
//
// Source: https://specifications.freedesktop.org/notification-spec
func ProbeToast(ctx context.Context) (backend string, err error) {
	conn, err := bus.Session(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	var name, vendor, version, spec string
	err = conn.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").
		CallWithContext(ctx, "org.freedesktop.Notifications.GetServerInformation", 0).Store(&name, &vendor, &version, &spec)
	if err != nil {
		return "", fmt.Errorf("no notification service answers: %w", err)
	}
	return name + " " + version, nil
}
