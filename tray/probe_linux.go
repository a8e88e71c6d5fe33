package tray

import (
	"context"
	"errors"
	"fmt"

	"heliograph/detect/bus"
)

// ProbeHost returns what shows tray icons on this desktop, or an error that
// says why nothing does.
func ProbeHost(ctx context.Context) (backend string, err error) {
	conn, err := bus.Session(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	there, err := bus.HasOwner(ctx, conn, watcherName)
	if err != nil {
		return "", fmt.Errorf("the tray host cannot be looked up: %w", err)
	}
	if !there {
		return "", errors.New("nothing on this desktop shows tray icons")
	}
	var host bool
	err = conn.Object(watcherName, "/StatusNotifierWatcher").
		CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, watcherName, "IsStatusNotifierHostRegistered").Store(&host)
	if err != nil || !host {
		return watcherName, errors.New("programs can register tray icons, but nothing shows them")
	}
	return watcherName, nil
}

// ProbeToast returns the name and version of the service that shows toasts, or
// an error that says why none does.
//
// Source: https://specifications.freedesktop.org/notification-spec
func ProbeToast(ctx context.Context) (backend string, err error) {
	conn, err := bus.Session(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	var name, vendor, version, spec string
	err = conn.Object(notifyName, notifyPath).
		CallWithContext(ctx, notifyName+".GetServerInformation", 0).Store(&name, &vendor, &version, &spec)
	if err != nil {
		return "", fmt.Errorf("no notification service answers: %w", err)
	}
	return name + " " + version, nil
}
