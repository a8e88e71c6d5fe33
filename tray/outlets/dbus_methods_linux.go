package outlets

import (
	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"
	"github.com/godbus/dbus/v5/prop"
)

// propertyMethods answers org.freedesktop.DBus.Properties for a busService.
type propertyMethods busService

// Get reads one property.
func (m *propertyMethods) Get(iface, name string) (dbus.Variant, *dbus.Error) {
	if iface != "" && iface != busInterface {
		return dbus.Variant{}, prop.ErrIfaceNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.properties[name]
	if !ok {
		return dbus.Variant{}, prop.ErrPropNotFound
	}
	return v, nil
}

// GetAll reads all properties, as of one instant.
func (m *propertyMethods) GetAll(iface string) (map[string]dbus.Variant, *dbus.Error) {
	if iface != "" && iface != busInterface {
		return nil, prop.ErrIfaceNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.properties, nil
}

// Set refuses: other programs may only read.
func (m *propertyMethods) Set(iface, name string, _ dbus.Variant) *dbus.Error {
	if _, err := m.Get(iface, name); err != nil {
		return err
	}
	return prop.ErrReadOnly
}

// introspection describes the object to programs that ask what it offers.
func introspection() introspect.Introspectable {
	own := introspect.Interface{
		Name: busInterface,
		Properties: []introspect.Property{
			{Name: "State", Type: "s", Access: "read"},    // availability as Graph names it, as in "Busy"
			{Name: "Activity", Type: "s", Access: "read"}, // activity as Graph names it, as in "InACall"
			{Name: "Reason", Type: "s", Access: "read"},   // why, in words
			{Name: "InCall", Type: "b", Access: "read"},
			{Name: "CallApp", Type: "s", Access: "read"}, // the program in the call; empty: none
			{Name: "Locked", Type: "b", Access: "read"},
			{Name: "Idle", Type: "b", Access: "read"},
			{Name: "Since", Type: "x", Access: "read"},      // Unix seconds; 0: unknown
			{Name: "StatusJson", Type: "s", Access: "read"}, // the state as JSON
		},
		Signals: []introspect.Signal{{Name: "Changed", Args: []introspect.Arg{
			{Name: "state", Type: "s"},
			{Name: "activity", Type: "s"},
			{Name: "reason", Type: "s"},
			{Name: "in_call", Type: "b"},
		}}},
	}
	return introspect.NewIntrospectable(&introspect.Node{
		Name:       string(busPath),
		Interfaces: []introspect.Interface{introspect.IntrospectData, prop.IntrospectData, own},
	})
}
