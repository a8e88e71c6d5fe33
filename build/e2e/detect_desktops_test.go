//go:build unix

package e2e

import (
	wire "encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect"
)

// The desktops on which idle detection is measured. Each is the real
// compositor, without a screen.

// settle is the threshold that the desktops are measured at.
const settle = 1500 * time.Millisecond

// Bounds of an edge: what the compositor's own clock and a busy machine take.
const (
	idleEdge   = 50 * time.Millisecond
	returnEdge = 100 * time.Millisecond
	rounds     = 3 // the best counts: a busy machine may spoil one
)

// desktop is one compositor.
type desktop struct {
	backend string                    // of ours that must serve it
	start   func(t *testing.T)        // starts it, or starts it again
	kill    func(t *testing.T)        // as a crash would
	touch   func(t *testing.T)        // makes input
	coarse  time.Duration             // by how much the compositor's own timer may be off
	oracle  func(t *testing.T) oracle // somebody else's word for the same; may be nil
}

// oracle tells when rest began and ended by its own account.
type oracle interface{ rested(t *testing.T) time.Time }

// needs skips where a program is missing; on CI nothing may be.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not installed: build/install-deps wayland gnome kde", p)
			}
			t.Skipf("%s is not installed: build/install-deps wayland gnome kde", p)
		}
	}
}

func TestIdleOnSway(t *testing.T) {
	needs(t, "sway", "swaymsg", "swayidle")
	run := runtimeDir(t)
	var sway *process
	user := []string{}
	if os.Getuid() == 0 { // sway refuses root
		user = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
	}
	config := filepath.Join(run, "config")
	write(t, config, "xwayland disable\n")
	env := []string{"XDG_RUNTIME_DIR=" + run, "HOME=" + run, "WLR_BACKENDS=headless", "WLR_RENDERER=pixman", "WLR_LIBINPUT_NO_DEVICES=1", "WAYLAND_DISPLAY=", "DISPLAY="}
	as := func(args ...string) *process {
		args = append(slices.Clone(user), args...)
		return start(t, env, args[0], args[1:]...)
	}
	display := filepath.Join(run, "wayland-1")
	measure(t, desktop{
		backend: "kde-idle",
		start: func(t *testing.T) {
			sway = as("sway", "-c", config)
			t.Setenv("WAYLAND_DISPLAY", display)
			eventually(t, "sway listens", func() bool { return listens(display) && glob(run, "sway-ipc.*.sock") != "" })
		},
		kill: func(t *testing.T) { killed(sway); os.Remove(glob(run, "sway-ipc.*.sock")) },
		touch: func(t *testing.T) {
			must(t, append(env, "SWAYSOCK="+glob(run, "sway-ipc.*.sock")), "swaymsg", "-q", "seat", "seat0", "cursor", "move", "7", "3")
		},
		oracle: func(t *testing.T) oracle {
			log := filepath.Join(run, "swayidle")
			write(t, log, "")
			must(t, nil, "chmod", "666", log)
			env = append(env, "WAYLAND_DISPLAY=wayland-1")
			as("swayidle", "timeout", strconv.Itoa(int(settle/time.Second)+1), "date +%s.%N >>"+log)
			return fileOracle{log, settle.Truncate(time.Second) + time.Second}
		},
	})
}

func TestIdleOnKWin(t *testing.T) {
	needs(t, "kwin_wayland")
	run := runtimeDir(t)
	// The installed file carries a capability that some machines refuse.
	binary := filepath.Join(run, "kwin_wayland")
	path, _ := exec.LookPath("kwin_wayland")
	must(t, nil, "cp", path, binary)
	var kwin *process
	display := filepath.Join(run, "kwin")
	measure(t, desktop{
		backend: "ext-idle-notify",
		coarse:  settle / 20, // a coarse timer of Qt's
		start: func(t *testing.T) {
			os.Remove(display)
			kwin = start(t, []string{"XDG_RUNTIME_DIR=" + run, "KWIN_WAYLAND_NO_PERMISSION_CHECKS=1", "WAYLAND_DISPLAY=", "DISPLAY=", "QT_QPA_PLATFORM="},
				binary, "--virtual", "--no-lockscreen", "--socket", "kwin")
			t.Setenv("WAYLAND_DISPLAY", display)
			eventually(t, "KWin listens", func() bool { return listens(display) })
		},
		kill:  func(t *testing.T) { killed(kwin) },
		touch: fakeInput(display),
	})
}

func TestIdleOnMutter(t *testing.T) {
	needs(t, "mutter")
	run := runtimeDir(t)
	var mutter *process
	measure(t, desktop{
		backend: "mutter",
		start: func(t *testing.T) {
			mutter = start(t, []string{"XDG_RUNTIME_DIR=" + run, "WAYLAND_DISPLAY=", "DISPLAY="}, "mutter", "--headless", "--wayland", "--no-x11", "--virtual-monitor", "800x600")
			t.Setenv("WAYLAND_DISPLAY", filepath.Join(run, "wayland-0"))
			eventually(t, "mutter is on the bus", func() bool {
				return exec.Command("gdbus", "call", "--session", "--dest", "org.gnome.Mutter.RemoteDesktop", "--object-path", "/org/gnome/Mutter/RemoteDesktop", "--method", "org.freedesktop.DBus.Peer.Ping").Run() == nil ||
					busHas("org.gnome.Mutter.RemoteDesktop")
			})
		},
		kill:  func(t *testing.T) { killed(mutter) },
		touch: remoteDesktop(t),
	})
}

func TestIdleOnX11(t *testing.T) {
	needs(t, "Xvfb", "xdotool", "xprintidle")
	t.Setenv("WAYLAND_DISPLAY", "")
	display := fmt.Sprint(":", 2000+os.Getpid()%5000)
	var x *process
	n := 0
	measure(t, desktop{
		backend: "x11-sync",
		start: func(t *testing.T) {
			x = start(t, nil, "Xvfb", display, "-screen", "0", "400x300x24", "-nolisten", "tcp", "-noreset")
			t.Setenv("DISPLAY", display)
			eventually(t, "Xvfb answers", func() bool { return exec.Command("xprintidle").Run() == nil })
		},
		kill: func(t *testing.T) {
			killed(x)
			os.Remove("/tmp/.X11-unix/X" + display[1:])
			os.Remove("/tmp/.X" + display[1:] + "-lock")
		},
		touch:  func(t *testing.T) { n++; must(t, nil, "xdotool", "mousemove", strconv.Itoa(10+n), "10") },
		oracle: func(t *testing.T) oracle { return xprintidle{} },
	})
}

// measure holds a desktop against its bounds, then through a crash.
func measure(t *testing.T, d desktop) {
	d.start(t)
	var other oracle
	if d.oracle != nil {
		other = d.oracle(t)
	}
	w := detect.Watch(t.Context(), detect.Options{Settle: settle})
	t.Cleanup(w.Close)
	eventually(t, d.backend+" serves", func() bool { return part(w, "idle").Backend == d.backend })
	d.round(t, w, other, true)
	for range rounds - 1 {
		d.round(t, w, other, false)
	}
	bestOf(t, d)
	d.kill(t)
	eventually(t, "the crash is seen", func() bool { return part(w, "idle").Backend != d.backend })
	d.start(t)
	began := time.Now()
	eventually(t, d.backend+" serves again", func() bool { return part(w, "idle").Backend == d.backend })
	t.Logf("%s: serves again %v after its restart", d.backend, time.Since(began).Round(time.Millisecond))
	measured[d.backend] = nil
	d.round(t, w, nil, true)
	w.Close()
	wakeupsAtRest(t, d.backend, 20*time.Second)
}

// measured are a desktop's edges, by backend.
var measured = map[string][][2]time.Duration{}

// round takes one idle edge and one return.
func (d desktop) round(t *testing.T, w *detect.Watcher, other oracle, first bool) {
	t.Helper()
	d.touch(t)
	touched := time.Now()
	var rested, returned time.Time
	eventually(t, "the desk rests", func() bool { rested = time.Now(); return !w.Activity().InUse && !w.Activity().LastInput.IsZero() })
	late := rested.Sub(touched) - settle
	if off := w.Activity().LastInput.Sub(touched); !first && (off < -settle/2 || off > settle/2) {
		t.Errorf("%s: the last input is told %v off", d.backend, off)
	}
	if other != nil {
		if off := rested.Sub(other.rested(t)); off.Abs() > 4*idleEdge { // it spawns a process to speak
			t.Errorf("%s: rest is told %v from the oracle's word", d.backend, off)
		} else {
			t.Logf("%s: %v from the oracle's word", d.backend, off.Round(time.Millisecond))
		}
	}
	done := make(chan struct{})
	began := time.Now()
	go func() { defer close(done); d.touch(t) }()
	eventually(t, "the desk is used again", func() bool { returned = time.Now(); return w.Activity().InUse })
	<-done
	t.Logf("%s: idle %v after the threshold, in use %v after the input's command", d.backend, late.Round(time.Millisecond), returned.Sub(began).Round(time.Millisecond))
	measured[d.backend] = append(measured[d.backend], [2]time.Duration{late, returned.Sub(began)})
}

// bestOf judges the best of the rounds, each edge by itself.
func bestOf(t *testing.T, d desktop) {
	t.Helper()
	idle, back := time.Hour, time.Hour
	for _, m := range measured[d.backend] {
		idle, back = min(idle, m[0].Abs()), min(back, m[1])
	}
	if idle > idleEdge+d.coarse || back > returnEdge {
		t.Errorf("%s: at best idle %v off the threshold (%v), in use after %v (%v)", d.backend, idle, idleEdge+d.coarse, back, returnEdge)
	}
}

// fileOracle is a program that writes the time into a file.
type fileOracle struct {
	path      string
	threshold time.Duration
}

// rested waits for the file's next line; its own threshold may be another.
func (o fileOracle) rested(t *testing.T) time.Time {
	var at time.Time
	had, _ := os.ReadFile(o.path)
	eventually(t, "the oracle speaks", func() bool {
		b, _ := os.ReadFile(o.path)
		lines := strings.Fields(string(b[min(len(b), len(had)):]))
		if len(lines) == 0 {
			return false
		}
		f, err := strconv.ParseFloat(lines[0], 64)
		at = time.UnixMicro(int64(f * 1e6))
		return err == nil
	})
	return at.Add(settle - o.threshold)
}

// xprintidle asks the display how long it has rested.
type xprintidle struct{}

func (xprintidle) rested(t *testing.T) time.Time {
	out, err := exec.Command("xprintidle").Output()
	now := time.Now()
	ms, perr := strconv.Atoi(strings.TrimSpace(string(out)))
	if err := errors.Join(err, perr); err != nil {
		t.Fatalf("xprintidle: %v", err)
	}
	return now.Add(-time.Duration(ms)*time.Millisecond + settle)
}

func part(w *detect.Watcher, name string) detect.Part {
	for _, p := range w.Parts() {
		if p.Name == name {
			return p
		}
	}
	return detect.Part{}
}

// runtimeDir is short, for its sockets' sake, and anybody's.
func runtimeDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s %v: %v: %s", name, args, err, out)
	}
}

func killed(p *process) {
	p.signal(syscall.SIGKILL)
	<-p.done
}

func glob(dir, pattern string) string {
	found, _ := filepath.Glob(filepath.Join(dir, pattern))
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

func listens(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func busHas(name string) bool {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return false
	}
	defer conn.Close()
	var has bool
	return conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&has) == nil && has
}

// remoteDesktop moves the pointer through mutter's own service for that.
func remoteDesktop(t *testing.T) func(*testing.T) {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	const name = "org.gnome.Mutter.RemoteDesktop"
	sessions := map[string]dbus.BusObject{}
	return func(t *testing.T) {
		var owner string
		if err := conn.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, name).Store(&owner); err != nil {
			t.Errorf("mutter: %v", err)
			return
		}
		s := sessions[owner]
		if s == nil {
			var path dbus.ObjectPath
			if err := conn.Object(name, "/org/gnome/Mutter/RemoteDesktop").Call(name+".CreateSession", 0).Store(&path); err != nil {
				t.Errorf("mutter: %v", err)
				return
			}
			s = conn.Object(name, path)
			sessions[owner] = s
			if err := s.Call(name+".Session.Start", 0).Err; err != nil {
				t.Errorf("mutter: %v", err)
			}
		}
		if err := s.Call(name+".Session.NotifyPointerMotionRelative", 0, 3.0, 2.0).Err; err != nil {
			t.Errorf("mutter: %v", err)
		}
	}
}

// fakeInput moves KWin's pointer through org_kde_kwin_fake_input, over one
// connection for as long as it holds.
func fakeInput(display string) func(*testing.T) {
	var k *kwinInput
	return func(t *testing.T) {
		if k == nil || !k.move() {
			k = newKWinInput(t, display)
			if !k.move() {
				t.Error("KWin takes no input")
			}
		}
	}
}

// kwinInput is a connection to KWin that may move its pointer.
type kwinInput struct {
	conn net.Conn
	last uint32
}

const (
	kwinRegistry = 2
	kwinFake     = 3
)

func newKWinInput(t *testing.T, display string) *kwinInput {
	t.Helper()
	conn, err := net.Dial("unix", display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	k := &kwinInput{conn, kwinFake}
	if !k.send(message(1, 1, number(kwinRegistry))) {
		t.Error("KWin does not listen")
	}
	var global uint32
	for global == 0 {
		object, body, ok := k.receive()
		if !ok {
			t.Fatal("KWin has no org_kde_kwin_fake_input")
		}
		if object == kwinRegistry && strings.Contains(string(body), "org_kde_kwin_fake_input") {
			global = wire.NativeEndian.Uint32(body)
		}
	}
	k.send(message(kwinRegistry, 0, number(global), text("org_kde_kwin_fake_input"), number(1), number(kwinFake)))
	k.send(message(kwinFake, 0, text("e2e"), text("test")))
	return k
}

// move moves the pointer by (3, 2) and waits until that is done.
func (k *kwinInput) move() bool {
	k.last++
	ok := k.send(message(kwinFake, 1, number(3<<8), number(2<<8)), message(1, 0, number(k.last)))
	for ok {
		var object uint32
		if object, _, ok = k.receive(); object == k.last {
			return ok
		}
	}
	return false
}

func (k *kwinInput) send(b ...[]byte) bool {
	_, err := k.conn.Write(slices.Concat(b...))
	return err == nil
}

func (k *kwinInput) receive() (object uint32, body []byte, ok bool) {
	_ = k.conn.SetReadDeadline(time.Now().Add(patience))
	head := make([]byte, 8)
	if _, err := io.ReadFull(k.conn, head); err != nil {
		return 0, nil, false
	}
	body = make([]byte, wire.NativeEndian.Uint32(head[4:])>>16-8)
	_, err := io.ReadFull(k.conn, body)
	return wire.NativeEndian.Uint32(head), body, err == nil
}

// message, number and text make Wayland requests.
func message(object, opcode uint32, args ...[]byte) []byte {
	body := slices.Concat(args...)
	return slices.Concat(number(object), number(uint32(8+len(body))<<16|opcode), body)
}

func number(v uint32) []byte { return wire.NativeEndian.AppendUint32(nil, v) }

func text(s string) []byte {
	b := append(number(uint32(len(s)+1)), s...)
	return append(b, make([]byte, 4-len(s)%4)...)
}
