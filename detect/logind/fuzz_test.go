package logind

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/godbus/dbus/v5"
)

// FuzzState: whatever properties logind answers with, each is taken as it is meant
// or not at all.
func FuzzState(f *testing.F) {
	for _, p := range []map[string]dbus.Variant{
		{"LockedHint": dbus.MakeVariant(true), "Active": dbus.MakeVariant(false), "BlockInhibited": dbus.MakeVariant("sleep:idle")},
		{"LockedHint": dbus.MakeVariant("yes"), "IdleHint": dbus.MakeVariant(uint32(1)), "IdleSinceHint": dbus.MakeVariant(uint64(1<<64 - 1))},
		{"IdleSinceHint": dbus.MakeVariant([]string{"x"}), "BlockInhibited": dbus.MakeVariant(dbus.MakeVariant("idle"))},
	} {
		m := dbus.Message{Type: dbus.TypeSignal, Body: []any{p}, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/")), dbus.FieldInterface: dbus.MakeVariant("a.b"),
			dbus.FieldMember: dbus.MakeVariant("C"), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(p))}}
		var raw bytes.Buffer
		if err := m.EncodeTo(&raw, binary.LittleEndian); err != nil {
			f.Fatal(err)
		}
		f.Add(raw.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := dbus.DecodeMessage(bytes.NewReader(raw))
		if err != nil {
			return
		}
		var p map[string]dbus.Variant
		if dbus.Store(m.Body, &p) != nil {
			return
		}
		var s State
		s.decode(p)
		if locked, ok := p["LockedHint"].Value().(bool); s.Locked != (ok && locked) {
			t.Errorf("%v is read as %+v", p, s)
		}
		if _, ok := p["BlockInhibited"].Value().(string); s.SeesInhibitors != ok || s.IdleInhibited && !ok {
			t.Errorf("%v is read as %+v", p, s)
		}
	})
}
