//go:build unix

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// Idle detection on each desktop, with its real compositor or display server
// and without a screen.

// compositor is sway with the tools that belong to it.
type compositor struct {
	run     string   // its runtime folder
	display string   // its socket
	env     []string // for what runs there
	user    []string // how a program becomes a user that sway accepts
	process *lab.Process
}

func newSway(t *testing.T) *compositor {
	t.Helper()
	s := &compositor{run: runtimeDir(t)}
	s.display = filepath.Join(s.run, "wayland-1")
	s.env = []string{"XDG_RUNTIME_DIR=" + s.run, "HOME=" + s.run, "WLR_BACKENDS=headless", "WLR_RENDERER=pixman", "WLR_LIBINPUT_NO_DEVICES=1", "WAYLAND_DISPLAY=", "DISPLAY="}
	if os.Getuid() == 0 { // sway refuses root
		s.user = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
	}
	write(t, filepath.Join(s.run, "config"), "xwayland disable\n")
	return s
}

// start starts sway, or starts it again, and makes its display that of the test.
func (s *compositor) start(t *testing.T) {
	t.Helper()
	s.process = s.as(t, "sway", "-c", filepath.Join(s.run, "config"))
	t.Setenv("WAYLAND_DISPLAY", s.display)
	wait.Until(t, "sway listens", func() bool { return listens(s.display) && s.control() != "" })
}

// as starts a program as the user of sway.
func (s *compositor) as(t *testing.T, args ...string) *lab.Process {
	t.Helper()
	args = append(slices.Clone(s.user), args...)
	return lab.Start(t, s.env, args[0], args[1:]...)
}

// inside starts a program on the display.
func (s *compositor) inside(t *testing.T, args ...string) *lab.Process {
	t.Helper()
	args = append([]string{"env", "WAYLAND_DISPLAY=" + filepath.Base(s.display)}, args...)
	return s.as(t, args...)
}

// control returns the socket that swaymsg needs; empty: not there yet.
func (s *compositor) control() string { return glob(s.run, "sway-ipc.*.sock") }

func TestIdleOnSway(t *testing.T) {
	needs(t, "sway", "swaymsg", "swayidle")
	s := newSway(t)
	measure(t, desktop{
		backend: "kde-idle",
		start:   s.start,
		kill: func(*testing.T) {
			s.process.Kill()
			os.Remove(s.control())
		},
		touch: func(t *testing.T) {
			must(t, append(s.env, "SWAYSOCK="+s.control()), "swaymsg", "-q", "seat", "seat0", "cursor", "move", "7", "3")
		},
		oracle: func(t *testing.T) oracle {
			log := filepath.Join(s.run, "swayidle")
			write(t, log, "")
			must(t, nil, "chmod", "666", log)
			threshold := settle.Truncate(time.Second) + time.Second // swayidle knows whole seconds only
			s.inside(t, "swayidle", "timeout", strconv.Itoa(int(threshold/time.Second)), "date +%s.%N >>"+log)
			return fileOracle{log, threshold}
		},
	})
}

func TestIdleOnKWin(t *testing.T) {
	needs(t, "kwin_wayland")
	run := runtimeDir(t)
	// The installed file carries a capability that some machines refuse; a copy
	// does not.
	binary := filepath.Join(run, "kwin_wayland")
	path, _ := exec.LookPath("kwin_wayland")
	must(t, nil, "cp", path, binary)
	var kwin *lab.Process
	display := filepath.Join(run, "kwin")
	measure(t, desktop{
		backend: "ext-idle-notify",
		coarse:  settle / 20, // Qt's coarse timers may be 5 % off
		start: func(t *testing.T) {
			os.Remove(display)
			kwin = lab.Start(t, []string{"XDG_RUNTIME_DIR=" + run, "KWIN_WAYLAND_NO_PERMISSION_CHECKS=1", "WAYLAND_DISPLAY=", "DISPLAY=", "QT_QPA_PLATFORM="},
				binary, "--virtual", "--no-lockscreen", "--socket", "kwin")
			t.Setenv("WAYLAND_DISPLAY", display)
			wait.Until(t, "KWin listens", func() bool { return listens(display) })
		},
		kill:  func(*testing.T) { kwin.Kill() },
		touch: fakeInput(display),
	})
}

func TestIdleOnMutter(t *testing.T) {
	needs(t, "mutter")
	run := runtimeDir(t)
	var mutter *lab.Process
	measure(t, desktop{
		backend: "mutter",
		start: func(t *testing.T) {
			mutter = lab.Start(t, []string{"XDG_RUNTIME_DIR=" + run, "WAYLAND_DISPLAY=", "DISPLAY="},
				"mutter", "--headless", "--wayland", "--no-x11", "--virtual-monitor", "800x600")
			t.Setenv("WAYLAND_DISPLAY", filepath.Join(run, "wayland-0"))
			wait.Until(t, "mutter is on the bus", func() bool { return busHas(mutterInput) })
		},
		kill:  func(*testing.T) { mutter.Kill() },
		touch: remoteDesktop(t),
	})
}

// displayLine is what Xvfb prints, beside its messages, once it listens.
var displayLine = regexp.MustCompile(`(?m)^\d+\n`)

func TestIdleOnX11(t *testing.T) {
	needs(t, "Xvfb", "xdotool", "xprintidle")
	t.Setenv("WAYLAND_DISPLAY", "")
	var x *lab.Process
	number := "" // of the display
	n := 0
	measure(t, desktop{
		backend: "x11-sync",
		start: func(t *testing.T) {
			x = lab.Start(t, nil, "Xvfb", "-displayfd", "1", "-screen", "0", "400x300x24", "-nolisten", "tcp", "-noreset")
			wait.Until(t, "Xvfb prints its display", func() bool {
				number = strings.TrimSpace(displayLine.FindString(x.Output()))
				return number != ""
			})
			t.Setenv("DISPLAY", ":"+number)
		},
		kill: func(*testing.T) {
			x.Kill()
			os.Remove("/tmp/.X11-unix/X" + number)
			os.Remove("/tmp/.X" + number + "-lock")
		},
		touch: func(t *testing.T) {
			n++
			must(t, nil, "xdotool", "mousemove", strconv.Itoa(10+n), "10")
		},
		oracle: func(*testing.T) oracle { return xprintidle{} },
	})
}
