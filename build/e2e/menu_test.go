//go:build unix

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// panel speaks to tray icons as a desktop's panel does.
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

// item is the bus name of the one registered icon; empty: none.
func (p *panel) item(pid int) string {
	v, err := p.conn.Object("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher").GetProperty("org.kde.StatusNotifierWatcher.RegisteredStatusNotifierItems")
	if err != nil {
		return ""
	}
	names, _ := v.Value().([]string)
	for _, n := range names {
		n, _, _ = strings.Cut(n, "/")
		var owner uint32
		if p.conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, n).Store(&owner) == nil && int(owner) == pid {
			return n
		}
	}
	return ""
}

// row is one entry of the menu.
type row struct {
	ID    int32
	Props map[string]dbus.Variant
	Kids  []dbus.Variant
}

// menuObject is where the icon says its menu is.
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
	for range 2 { // the first answer is cut short for an old library's sake
		var rev uint32
		err := p.menuObject(name).CallWithContext(ctx, "com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&rev, &top)
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return top
}

// find looks a row that can be clicked up by its label.
func (p *panel) find(name, label string) (row, bool) {
	for _, v := range p.menu(name).Kids {
		var r row
		if dbus.Store([]any{v.Value()}, &r) != nil {
			continue
		}
		text, _ := r.Props["label"].Value().(string)
		hidden, disabled := r.Props["visible"].Value() == false, r.Props["enabled"].Value() == false
		if strings.ReplaceAll(text, "_", "") == label && !hidden && !disabled {
			return r, true
		}
	}
	return row{}, false
}

func (p *panel) click(name, label string) {
	p.t.Helper()
	var r row
	eventually(p.t, "the menu offers "+label, func() (ok bool) { r, ok = p.find(name, label); return ok })
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

func TestIconMenuAndTooltip(t *testing.T) {
	p, app := running(t, "1h")
	desk := newPanel(t)
	var name string
	eventually(t, "the icon is on the panel", func() bool { name = desk.item(app.cmd.Process.Pid); return name != "" })
	desk.click(name, "Busy")
	eventually(t, "colleagues see Busy", func() bool { return p.emu.shows("Busy/Busy") })
	eventually(t, "the tooltip says why", func() bool { return strings.Contains(desk.tooltip(name), "Busy – you chose it") })
	eventually(t, "Busy is checked", func() bool {
		r, ok := desk.find(name, "Busy")
		n, _ := r.Props["toggle-state"].Value().(int32)
		return ok && n == 1
	})
	desk.click(name, "Automatic")
	eventually(t, "colleagues see Available", func() bool { return p.emu.shows("Available/Available") })
	desk.click(name, "Sign out")
	eventually(t, "nothing is left at Microsoft", func() bool { return p.emu.shows("Offline/Offline") })
	desk.click(name, "Sign in")
	eventually(t, "signed in again through the browser", func() bool { return p.emu.shows("Available/Available") })
	desk.click(name, "Quit")
	if code := app.wait(); code != 0 {
		t.Errorf("quit with %d", code)
	}
	if !p.emu.shows("Offline/Offline") {
		t.Errorf("after quitting colleagues see %+v", p.emu.self().Shown)
	}
}
