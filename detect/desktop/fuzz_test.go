package desktop

import (
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// FuzzSignals: signals with any name and content change a state only as they are
// meant to.
func FuzzSignals(f *testing.F) {
	for _, name := range []string{"org.freedesktop.ScreenSaver.ActiveChanged", "org.freedesktop.DBus.NameOwnerChanged", ".ActiveChanged", "org.gnome.Mutter.IdleMonitor.WatchFired", "org.gnome.SessionManager.InhibitorRemoved", ""} {
		for kind := range byte(7) {
			f.Add(name, kind, "org.gnome.ScreenSaver", uint32(3))
		}
	}
	f.Fuzz(func(t *testing.T, name string, kind byte, text string, number uint32) {
		body := [][]any{{true}, {number}, {text}, {text, text, ""}, {text, "", text}, {dbus.ObjectPath(text)}, nil}[kind%7]
		sig := &dbus.Signal{Name: name, Body: body}
		s := &Savers{active: map[string]bool{}}
		if err := s.signal(t.Context(), sig); err != nil {
			t.Errorf("%v ends the connection: %v", sig, err)
		}
		for saver := range s.active {
			if !slices.Contains(saverNames, saver) || name != saver+".ActiveChanged" {
				t.Errorf("%v changes %q", sig, saver)
			}
		}
		m := &Mutter{idleWatch: 1 << 31, activeWatch: number | 1}
		_ = m.signal(t.Context(), sig) // an error says that the compositor has gone
		if m.state.InUse && (name != mutterName+".WatchFired" || kind%7 > 2) {
			t.Errorf("%v is taken for input", sig)
		}
		i := &Inhibitors{present: map[string]bool{}, gnome: map[dbus.ObjectPath]Inhibitor{"/a": {}}}
		if !strings.HasPrefix(name, kdePolicy) && !strings.HasPrefix(name, powerInhibit) && !strings.HasSuffix(name, "InhibitorAdded") && (kind%7 != 4 || text == "") {
			if err := i.signal(t.Context(), sig); err != nil { // the others ask the bus
				t.Errorf("%v ends the connection: %v", sig, err)
			}
		}
		if n := programName(text); strings.Contains(strings.TrimRight(n, "/"), "/") {
			t.Errorf("%q is shortened to %q", text, n)
		}
	})
}
