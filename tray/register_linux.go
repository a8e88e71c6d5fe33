package tray

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
)

// The library registers the icon, and only then asks for the signal that a panel
// has appeared: one that appears in between never gets the icon. So a while after
// a panel has appeared its list is looked at.
const (
	registerAfter = 300 * time.Millisecond
	registerAgain = 3 * time.Second
)

// itemPath is the object of the icon. The library names its connection after the
// process.
const itemPath = "/StatusNotifierItem"

func itemName() string { return fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", os.Getpid()) }

// keepRegistered registers the icon with each panel that does not list it, until
// ctx ends. It asks over conn and registers over the library's connection; nil:
// there is none, and so no icon. appeared gets a value when a panel may have
// appeared.
func keepRegistered(ctx context.Context, conn, library *dbus.Conn, appeared <-chan struct{}) {
	if library == nil {
		return
	}
	for {
		for _, wait := range []time.Duration{registerAfter, registerAgain} {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			ensureRegistered(ctx, conn, library)
		}
		select {
		case <-appeared:
		case <-ctx.Done():
			return
		}
	}
}

// ensureRegistered registers the icon unless the panel lists it or does not say
// what it lists.
func ensureRegistered(ctx context.Context, conn, library *dbus.Conn) {
	ctx, cancel := context.WithTimeout(ctx, bus.CallTimeout)
	defer cancel()
	if there, err := bus.HasOwner(ctx, conn, watcherName); err != nil || !there {
		return // a call would start one
	}
	var listed []string
	watcher := conn.Object(watcherName, "/StatusNotifierWatcher")
	if err := bus.Property(ctx, watcher, watcherName, "RegisteredStatusNotifierItems", &listed); err != nil {
		return
	}
	var owner string
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, itemName()).Store(&owner); err != nil {
		return
	}
	if lists(listed, owner, itemName()) {
		return
	}
	// A panel that refuses is one that shows no icon, which the watch of the host
	// cannot change.
	_ = library.Object(watcherName, "/StatusNotifierWatcher").CallWithContext(ctx, watcherName+".RegisterStatusNotifierItem", 0, itemPath).Err
}

// lists reports whether a panel's list has an item of one of the names, which is
// followed by its path or alone.
func lists(items []string, names ...string) bool {
	return slices.ContainsFunc(items, func(item string) bool {
		name, _, _ := strings.Cut(item, "/")
		return slices.Contains(names, name)
	})
}
