//go:build unix

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// panel calls tray icons as the panel of a desktop does.
//
// Source: https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/
type panel struct {
	t    testing.TB
	conn *dbus.Conn
}

func newPanel(t testing.TB) *panel {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &panel{t, conn}
}

// item returns the bus name of the icon that a process has registered; empty:
// none.
func (p *panel) item(pid int) string {
	v, err := p.conn.Object("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher").GetProperty("org.kde.StatusNotifierWatcher.RegisteredStatusNotifierItems")
	if err != nil {
		return ""
	}
	names, _ := v.Value().([]string)
	for _, n := range names {
		n, _, _ = strings.Cut(n, "/")
		var owner uint32
		err := p.conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, n).Store(&owner)
		if err == nil && int(owner) == pid {
			return n
		}
	}
	return ""
}

// onPanel waits until the icon of the program is there, and returns its name on
// the bus.
func onPanel(t testing.TB, app *lab.Process) (p *panel, name string) {
	t.Helper()
	p = newPanel(t)
	wait.Until(t, "the icon is on the panel", func() bool {
		name = p.item(app.PID())
		return name != ""
	})
	return p, name
}

// row is one entry of a menu, as com.canonical.dbusmenu sends it.
type row struct {
	ID    int32
	Props map[string]dbus.Variant
	Rows  []dbus.Variant
}

// menuObject returns the menu that the icon names.
func (p *panel) menuObject(name string) dbus.BusObject {
	p.t.Helper()
	v, err := p.conn.Object(name, "/StatusNotifierItem").GetProperty("org.kde.StatusNotifierItem.Menu")
	if err != nil {
		p.t.Fatal(err)
	}
	path, ok := v.Value().(dbus.ObjectPath)
	if !ok {
		p.t.Fatalf("the icon has no menu: %v", v)
	}
	return p.conn.Object(name, path)
}

func (p *panel) menu(name string) row {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Second)
	defer cancel()
	var top row
	for range 2 { // systray answers the first request with a part of the menu, for libdbusmenu
		var rev uint32
		err := p.menuObject(name).CallWithContext(ctx, "com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&rev, &top)
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return top
}

// find returns a row that can be clicked by its label, submenus included.
func (p *panel) find(name, label string) (row, bool) { return search(p.menu(name), label) }

func search(top row, label string) (row, bool) {
	for _, v := range top.Rows {
		var r row
		if dbus.Store([]any{v.Value()}, &r) != nil {
			continue
		}
		text, _ := r.Props["label"].Value().(string)
		hidden, disabled := r.Props["visible"].Value() == false, r.Props["enabled"].Value() == false
		if hidden || disabled {
			continue
		}
		if text == label {
			return r, true
		}
		if sub, ok := search(r, label); ok {
			return sub, true
		}
	}
	return row{}, false
}

// checked reports whether the row of this label is ticked.
func (p *panel) checked(name, label string) bool {
	r, ok := p.find(name, label)
	n, _ := r.Props["toggle-state"].Value().(int32)
	return ok && n == 1
}

// click waits for a row and clicks it.
func (p *panel) click(name, label string) {
	p.t.Helper()
	var r row
	wait.Until(p.t, "the menu offers "+label, func() (ok bool) {
		r, ok = p.find(name, label)
		return ok
	})
	err := p.menuObject(name).Call("com.canonical.dbusmenu.Event", 0, r.ID, "clicked", dbus.MakeVariant(""), uint32(0)).Err
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *panel) tooltip(name string) string {
	v, err := p.conn.Object(name, "/StatusNotifierItem").GetProperty("org.kde.StatusNotifierItem.ToolTip")
	if err != nil {
		return ""
	}
	parts, _ := v.Value().([]any)
	if len(parts) < 3 {
		return ""
	}
	text, _ := parts[2].(string)
	return text
}
