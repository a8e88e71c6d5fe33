package bus

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Signals of the bus itself and of objects with properties.
//
// Source: https://dbus.freedesktop.org/doc/dbus-specification.html
const (
	nameOwnerChanged = "org.freedesktop.DBus.NameOwnerChanged"
	// PropertiesInterface is the interface of properties.
	PropertiesInterface = "org.freedesktop.DBus.Properties"
)

// HasOwner reports whether a service has the name. It starts none, unlike a
// call to the name.
func HasOwner(ctx context.Context, conn *dbus.Conn, name string) (owned bool, err error) {
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&owned)
	return owned, err
}

// MatchOwner matches the signals that OwnerChange reads, for one name.
func MatchOwner(name string) []dbus.MatchOption {
	return []dbus.MatchOption{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name)}
}

// OwnerChange decodes the signal that a service has acquired or lost a name;
// owner is empty if nobody owns the name now.
func OwnerChange(s *dbus.Signal) (name, owner string, ok bool) {
	var old string
	ok = s.Name == nameOwnerChanged && dbus.Store(s.Body, &name, &old, &owner) == nil
	return name, owner, ok
}

// Property reads one property. Unlike godbus's GetProperty it has a context.
func Property(ctx context.Context, o dbus.BusObject, face, name string, to any) error {
	var v dbus.Variant
	if err := o.CallWithContext(ctx, PropertiesInterface+".Get", 0, face, name).Store(&v); err != nil {
		return err
	}
	return dbus.Store([]any{v.Value()}, to)
}

// Properties reads all properties of an interface.
func Properties(ctx context.Context, o dbus.BusObject, face string) (map[string]dbus.Variant, error) {
	var p map[string]dbus.Variant
	err := o.CallWithContext(ctx, PropertiesInterface+".GetAll", 0, face).Store(&p)
	return p, err
}
