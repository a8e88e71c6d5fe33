//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/detect/bus/bustest"
)

// fakePanel shows tray icons on a bus of the test's, as a panel does, only faster:
// it owns the watcher's name, and reads everything of each icon that registers.
type fakePanel struct {
	*panel
	registered chan string // the bus name of each icon that registers

	mu    sync.Mutex
	items []string // that are registered
}

const watcherName = "org.kde.StatusNotifierWatcher"

func newFakePanel(t *testing.T) *fakePanel {
	t.Helper()
	p := &fakePanel{panel: newPanel(t), registered: make(chan string, 256)}
	register := func(sender dbus.Sender, path string) *dbus.Error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if item := string(sender) + path; !slices.Contains(p.items, item) {
			p.items = append(p.items, item)
			p.registered <- string(sender)
		}
		return nil
	}
	get := func(string, string) (dbus.Variant, *dbus.Error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return dbus.MakeVariant(slices.Clone(p.items)), nil
	}
	for iface, methods := range map[string]map[string]any{watcherName: {"RegisterStatusNotifierItem": register}, "org.freedesktop.DBus.Properties": {"Get": get}} {
		if err := p.conn.ExportMethodTable(methods, "/StatusNotifierWatcher", iface); err != nil {
			t.Fatal(err)
		}
	}
	p.appear()
	return p
}

func (p *fakePanel) appear() {
	p.t.Helper()
	if reply, err := p.conn.RequestName(watcherName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		p.t.Fatal(reply, err)
	}
}

// vanish ends as far as an icon notices.
func (p *fakePanel) vanish() {
	p.t.Helper()
	if _, err := p.conn.ReleaseName(watcherName); err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.items = nil
}

// icon waits for an icon, reads everything of it, and returns its name.
func (p *fakePanel) icon() (name string) {
	p.t.Helper()
	select {
	case name = <-p.registered:
	case <-time.After(wait.Patience):
		p.t.Fatal("no icon registers")
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), wait.Patience)
	defer cancel()
	err := p.conn.Object(name, "/StatusNotifierItem").CallWithContext(ctx, "org.freedesktop.DBus.Properties.GetAll", 0, "org.kde.StatusNotifierItem").Err
	if err != nil {
		p.t.Fatal(err)
	}
	p.menu(name)
	return name
}

// usage is what a process holds.
type usage struct {
	memory  int // KiB, resident
	handles int
	threads int
}

func usageOf(t *testing.T, app *lab.Process) usage {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", app.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var u usage
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.Fields(value + " 0")[0])
		switch name {
		case "VmRSS":
			u.memory = n
		case "Threads":
			u.threads = n
		}
	}
	handles, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", app.PID()))
	if err != nil {
		t.Fatal(err)
	}
	u.handles = len(handles)
	return u
}

// TestTrayOutlivesPanelsAndBuses holds the icon through everything that happens
// to a panel and to a session bus: a bus that is frozen at the start, a hundred
// panels, a bus that is killed and back, and one that is frozen at the end.
func TestTrayOutlivesPanelsAndBuses(t *testing.T) {
	daemon := bustest.Start(t, "DBUS_SESSION_BUS_ADDRESS")
	p := newPerson(t, "1h")
	panel := newFakePanel(t)
	app := p.Command("run")
	panel.icon()
	fresh := endWithStacks(t, app)
	panel.vanish()
	signal := func(s syscall.Signal) {
		t.Helper()
		if err := daemon.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	app = p.Command("run")
	wait.Until(t, "it answers although the bus is frozen", func() bool { return p.Command("calls").Wait() == 0 })
	wait.Until(t, "it says so", func() bool { return strings.Contains(logOf(p), "no tray icon") })
	signal(syscall.SIGCONT)
	panel.appear()
	panel.icon()

	t.Run("a hundred panels", func(t *testing.T) { manyPanels(t, app, panel) })
	t.Run("a hundred buses", func(t *testing.T) { manyBuses(t, app, daemon) })
	daemon.Again(t) // the last one ended with its test
	panel = newFakePanel(t)
	panel.icon()
	checkGoroutines(t, app, fresh)
	app = p.Command("run")
	panel.icon()

	signal(syscall.SIGSTOP)
	defer signal(syscall.SIGCONT)
	for _, status := range []string{"busy", "dnd", "away", "auto"} {
		p.Command("set", status).Wait() // nobody is signed in; the menu changes nevertheless
	}
	quit := p.Command("quit")
	endsWithin(t, quit, quitWithin)
	endsWithin(t, app, quitWithin-time.Since(quit.Began))
}

// manyPanels restarts the panel a hundred times: memory, threads and handles stay
// within a little of what they were.
func manyPanels(t *testing.T, app *lab.Process, panel *fakePanel) {
	var before usage
	for n := range 120 {
		if n == 20 { // what is made once has been made
			before = usageOf(t, app)
		}
		panel.vanish()
		panel.appear()
		panel.icon()
	}
	checkGrowth(t, app, before)
}

// manyBuses kills the session bus a hundred times; the icon is back each time.
func manyBuses(t *testing.T, app *lab.Process, daemon *bustest.Daemon) {
	var before usage
	var took []time.Duration
	for n := range 110 {
		if n == 10 {
			before = usageOf(t, app)
		}
		daemon.Stop()
		daemon.Again(t)
		began := time.Now()
		newFakePanel(t).icon()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("the icon is back after %v at the median, %v at most", took[len(took)/2], took[len(took)-1])
	checkGrowth(t, app, before)
}

// checkGrowth fails the test if a process holds more than it did, but for a
// little that comes and goes.
func checkGrowth(t *testing.T, app *lab.Process, before usage) {
	t.Helper()
	const memory = 6 << 10 // KiB: what may wait for the next collection
	var after usage
	same := wait.Within(wait.Patience, func() bool { // garbage is collected after the last change
		after = usageOf(t, app)
		return after.handles <= before.handles+3 && after.threads <= before.threads+3 && after.memory <= before.memory+memory
	})
	t.Logf("before %+v, after %+v", before, after)
	if !same {
		t.Errorf("more is in use: before %+v, after %+v", before, after)
	}
}
