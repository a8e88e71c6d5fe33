//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/graph/emu"
)

// awayAfter is the idle time of these stories. The person touches a computer
// that is in use every second.
const awayAfter = 5 * time.Second

// computer is one of several that a person has: a desktop with a display, buses,
// keyring and sound server of its own, and a heliograph.
type computer struct {
	name   string
	env    []string
	config string
	app    *lab.Process
	inUse  atomic.Bool

	t      *testing.T
	emu    *lab.Emulator
	system *dbus.Conn
}

// newComputer starts a desktop and signs its heliograph in, as the application
// with this id.
func newComputer(t *testing.T, e *lab.Emulator, name, application string) *computer {
	t.Helper()
	c := &computer{name: name, t: t, emu: e, env: desktopOf(t), config: filepath.Join(t.TempDir(), "config.toml")}
	text := lab.Settings{AwayAfter: awayAfter.String(), Grace: "1s"}.Text(e)
	write(t, c.config, strings.Replace(text, emu.AppID, application, 1))
	var err error
	if c.system, err = dbus.Connect(c.variable("DBUS_SYSTEM_BUS_ADDRESS")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.system.Close() })
	if login := c.command("login"); login.Wait() != 0 {
		t.Fatalf("%s: login: %s", name, login.Output())
	}
	go c.hands()
	return c
}

// desktopOf starts a desktop and returns its environment.
func desktopOf(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "environment")
	p := lab.Start(t, nil, "../desktop", "-l", "-n", "wm,panel,dunst", "--", "sh", "-c", `env -0 >"$0.new" && mv "$0.new" "$0" && exec sleep infinity`, file)
	var raw []byte
	wait.Until(t, "the desktop is up", func() bool {
		var err error
		raw, err = os.ReadFile(file)
		return err == nil || p.Ended()
	})
	if p.Ended() {
		t.Fatalf("the desktop ended:\n%s", p.Output())
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
}

// variable returns a variable of the computer's environment.
func (c *computer) variable(name string) string {
	i := slices.IndexFunc(c.env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
	if i < 0 {
		c.t.Fatalf("%s: %s is not set", c.name, name)
	}
	return strings.TrimPrefix(c.env[i], name+"=")
}

func (c *computer) command(args ...string) *lab.Process {
	c.t.Helper()
	return lab.Start(c.t, c.env, binary, append(args, "--config", c.config)...)
}

// run starts heliograph, and waits until it has read the desktop.
func (c *computer) run() {
	c.t.Helper()
	c.app = c.command("run")
	wait.Until(c.t, c.name+" has decided", func() bool { return strings.Contains(c.log(), "presence wanted") })
}

func (c *computer) log() string {
	raw, err := os.ReadFile(filepath.Join(c.variable("XDG_STATE_HOME"), "heliograph", "heliograph.log"))
	if err != nil {
		return ""
	}
	return string(raw)
}

// hands moves the pointer while the computer is in use.
func (c *computer) hands() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 0; ; n++ {
		if c.inUse.Load() {
			move := exec.Command("xdotool", "mousemove", strconv.Itoa(200+n%300), "200")
			move.Env = c.env
			_ = move.Run() // it fails once the desktop has ended
		}
		select {
		case <-c.t.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// quit ends heliograph as a person does.
func (c *computer) quit() {
	c.t.Helper()
	if quit := c.command("quit"); quit.Wait() != 0 {
		c.t.Errorf("%s: quit: %s", c.name, quit.Output())
	}
}

// use begins or ends that the person types at the computer.
func (c *computer) use(now bool) { c.inUse.Store(now) }

func (c *computer) lock(locked bool) {
	c.t.Helper()
	if locked {
		c.use(false)
	}
	change := map[string]dbus.Variant{"LockedHint": dbus.MakeVariant(locked)}
	if err := c.system.Object(login1, sessionPath).Call(mockControl+".UpdateProperties", 0, login1+".Session", change).Err; err != nil {
		c.t.Fatal(err)
	}
}

// call starts a call at the computer.
func (c *computer) call() *lab.Process {
	c.t.Helper()
	return lab.Start(c.t, c.env, recorderNamed(c.t, c.t.TempDir(), "zoom"), "--record", "/dev/null")
}

// step is a part of a story: something happens, and then colleagues should see
// want. Within is how long that may take at most.
type step struct {
	what   string
	do     func()
	want   string
	within time.Duration
}

// atOnce is what a change may take on a busy machine, detection and one request
// included.
const atOnce = 2 * time.Second

// holdStep is how long each step of a story is looked at: longer than atOnce.
const holdStep = 3 * time.Second

const (
	seesAvailable = "Available/Available"
	seesAway      = "Away/Away"
	seesCall      = "Busy/InACall"
	seesOffline   = "Offline/Offline"
)

// play runs a story and looks once a second at what colleagues see, for hold in
// each step. It returns how many looks there were, and how many were wrong.
func play(t *testing.T, e *lab.Emulator, hold time.Duration, story []step) (looks, wrong int) {
	t.Helper()
	for _, s := range story {
		s.do()
		began := time.Now()
		var seen bytes.Buffer
		wrongHere, last := 0, time.Duration(0)
		tick := time.NewTicker(time.Second)
		for n := time.Duration(0); n < hold; n += time.Second {
			<-tick.C
			looks++
			shown := e.Shown()
			if shown != s.want {
				wrongHere++
				last = time.Since(began)
			}
			fmt.Fprintf(&seen, "%.2s ", shown)
		}
		tick.Stop()
		wrong += wrongHere
		t.Logf("%-55s %-20s %d wrong, last after %v: %s", s.what, s.want, wrongHere, last.Round(time.Second), seen.String())
		if last > s.within {
			t.Errorf("%s: colleagues do not see %s after %v", s.what, s.want, last.Round(time.Second))
		}
	}
	return looks, wrong
}
