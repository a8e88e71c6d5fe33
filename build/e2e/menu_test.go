//go:build unix

package e2e

import (
	"context"
	"strings"
	"syscall"
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

// onPanel waits until the program's icon is there, and names it.
func onPanel(t testing.TB, app *process) (desk *panel, name string) {
	t.Helper()
	desk = newPanel(t)
	eventually(t, "the icon is on the panel", func() bool { name = desk.item(app.cmd.Process.Pid); return name != "" })
	return desk, name
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

// find looks a row that can be clicked up by its label, submenus included.
func (p *panel) find(name, label string) (row, bool) { return search(p.menu(name), label) }

func search(top row, label string) (row, bool) {
	for _, v := range top.Kids {
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
	desk, name := onPanel(t, app)
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

func TestBusyForAnHour(t *testing.T) {
	p, app := running(t, "2s")
	desk, name := onPanel(t, app)
	desk.click(name, "Busy")
	desk.click(name, "1 hour")
	eventually(t, "Busy ends in an hour", func() bool {
		v := p.emu.self().Preferred
		return v != nil && v.Availability == "Busy" && v.Expires.Sub(v.Set) > 59*time.Minute && v.Expires.Sub(v.Set) <= time.Hour
	})
	eventually(t, "the tooltip says until when", func() bool { return strings.Contains(desk.tooltip(name), "Busy until ") })
	p.emu.post("advance", `{"by":"1h"}`)
	// At Microsoft the hour is over; heliograph learns of it with its next post.
	touch(t)
	eventually(t, "Automatic again", func() bool {
		r, ok := desk.find(name, "Automatic")
		n, _ := r.Props["toggle-state"].Value().(int32)
		return ok && n == 1
	})
	eventually(t, "colleagues see the desk", func() bool { return p.emu.shows("Away/Away") })
}

func TestChoiceInTeamsIsLeftAndCanBeCleared(t *testing.T) {
	p, app := running(t, "2s")
	desk, name := onPanel(t, app)
	p.emu.post("preferred", `{"availability":"DoNotDisturb"}`)
	eventually(t, "the tooltip names the choice", func() bool { return strings.Contains(desk.tooltip(name), "you chose Do not disturb in Teams") })
	rec := record(t, "zoom")
	during(t, 2*time.Second, "colleagues see what was chosen", func() bool { return p.emu.shows("DoNotDisturb/DoNotDisturb") })
	rec.signal(syscall.SIGTERM)
	desk.click(name, "Clear Do not disturb, chosen in Teams")
	eventually(t, "it is cleared", func() bool { return p.emu.self().Preferred == nil })
}

func TestThatWasNotACall(t *testing.T) {
	p, app := running(t, "1h")
	desk, name := onPanel(t, app)
	record(t, "zoom")
	eventually(t, "a call is seen", func() bool { return p.emu.shows("Busy/InACall") })
	desk.click(name, "Zoom: that was not a call")
	eventually(t, "it is undone at once", func() bool { return p.emu.shows("Available/Available") })
	app.signal(syscall.SIGTERM)
	app.wait()
	p.command("run")
	eventually(t, "a session is set", func() bool { return len(p.emu.self().Sessions) == 1 })
	during(t, 2*time.Second, "it is remembered", func() bool { return p.emu.shows("Available/Available") })
}

func TestTreatAsACall(t *testing.T) {
	p, app := running(t, "1h")
	desk, name := onPanel(t, app)
	record(t, "ourmeetings")
	desk.click(name, "Treat ourmeetings as a call")
	eventually(t, "it is a call", func() bool { return p.emu.shows("Busy/InACall") })
}

func TestMessageInACall(t *testing.T) {
	p, app := running(t, "1h")
	desk, name := onPanel(t, app)
	desk.click(name, "Status message in a call")
	message := func() string {
		if m := p.emu.self().StatusMessage; m != nil {
			return m.Content
		}
		return ""
	}
	rec := record(t, "zoom")
	eventually(t, "the message is set", func() bool { return message() == "In a Zoom call" })
	rec.signal(syscall.SIGTERM)
	eventually(t, "the message is given back", func() bool { return p.emu.shows("Available/Available") && message() == "" })
}
