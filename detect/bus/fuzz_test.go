package bus

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/godbus/dbus/v5"
)

// messages are signals and answers as services send them.
func messages(f *testing.F) {
	for _, body := range [][]any{
		{"org.example", ":1.1", ""}, {"org.example", "", ":1.2"}, {true}, {uint32(7)}, {[]dbus.ObjectPath{"/a", "/b"}},
		{map[string]dbus.Variant{"LockedHint": dbus.MakeVariant(true), "IdleSinceHint": dbus.MakeVariant(uint64(1 << 62)), "BlockInhibited": dbus.MakeVariant("idle:sleep")}},
		{[]struct{ Program, Reason string }{{"a", "b"}}}, {dbus.MakeVariant(dbus.MakeVariant([]any{"x"}))},
	} {
		m := dbus.Message{Type: dbus.TypeSignal, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/org/freedesktop/DBus")), dbus.FieldInterface: dbus.MakeVariant("org.freedesktop.DBus"),
			dbus.FieldMember: dbus.MakeVariant("NameOwnerChanged"), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body...))}}
		var raw bytes.Buffer
		if err := m.EncodeTo(&raw, binary.LittleEndian); err != nil {
			f.Fatal(err)
		}
		f.Add(raw.Bytes())
	}
	f.Add([]byte("l\x04\x01\x01\xff\xff\xff\x07"))
}

// FuzzMessage: no message on the bus, whatever its bytes, does more than give an
// error, and none is stored into what it does not fit.
func FuzzMessage(f *testing.F) {
	messages(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := dbus.DecodeMessage(bytes.NewReader(raw))
		if err != nil {
			return
		}
		s := &dbus.Signal{Name: nameOwnerChanged, Body: m.Body}
		name, owner, ok := OwnerChange(s)
		if ok && len(m.Body) != 3 {
			t.Errorf("%v is taken for %q, %q", m.Body, name, owner)
		}
		if ok && (text(m.Body[0], name) != name || text(m.Body[2], owner) != owner) {
			t.Errorf("%v is taken for %q, %q", m.Body, name, owner)
		}
		var (
			flag  bool
			id    uint32
			paths []dbus.ObjectPath
			all   map[string]dbus.Variant
			list  []struct{ Program, Reason string }
			v     dbus.Variant
		)
		for _, to := range []any{&flag, &id, &paths, &all, &list, &v} {
			_ = dbus.Store(m.Body, to) // an error is what most deserve
		}
	})
}

// text returns v if it is a text; godbus makes one of numbers, too, which is not a
// name of a service.
func text(v any, other string) string {
	if s, ok := v.(string); ok {
		return s
	}
	return other
}
