package x11

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"heliograph/build/wait"
)

// xvfb starts an X server of the test's own and points DISPLAY to it.
func xvfb(t *testing.T) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("Xvfb is not installed: build/install-deps base")
		}
		t.Skip("Xvfb is not installed: build/install-deps base")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	x := exec.Command(path, "-displayfd", "3", "-screen", "0", "320x200x24", "-nolisten", "tcp", "-noreset")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() { // it removes its socket
		_ = x.Process.Signal(syscall.SIGCONT)
		_ = x.Process.Signal(os.Interrupt)
		_ = x.Wait()
	})
	_ = r.SetReadDeadline(time.Now().Add(10 * time.Second))
	number, err := bufio.NewReader(r).ReadString('\n') // it comes in pieces
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("XDG_SESSION_TYPE", "x11")
	t.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
	return x
}

// press makes a key go down and up, as a hand would.
func press(t *testing.T) {
	t.Helper()
	conn, err := xgb.NewConn()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := xtest.Init(conn); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []byte{xproto.KeyPress, xproto.KeyRelease} {
		if err := xtest.FakeInputChecked(conn, kind, 38, 0, xproto.Setup(conn).DefaultScreen(conn).Root, 0, 0, 0).Check(); err != nil {
			t.Fatal(err)
		}
	}
}

// watch is what Alarms and Poll have in common.
type watch interface {
	State() (State, error)
	Close()
}

func state(t *testing.T, w watch) State {
	t.Helper()
	s, err := w.State()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// watches are both ways to know the idle time of a display.
var watches = map[string]func(context.Context, time.Duration, func()) (watch, error){
	"alarms": func(ctx context.Context, rest time.Duration, changed func()) (watch, error) {
		return WatchAlarms(ctx, rest, changed)
	},
	"poll": func(ctx context.Context, rest time.Duration, changed func()) (watch, error) {
		return WatchPoll(ctx, rest, changed)
	},
}

// Both ways must agree with key presses.
func TestIdle(t *testing.T) {
	xvfb(t)
	const rest = 400 * time.Millisecond
	for name, open := range watches {
		t.Run(name, func(t *testing.T) {
			press(t)
			at := time.Now()
			w, err := open(t.Context(), rest, func() {})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if s := state(t, w); !s.InUse && time.Since(at) < rest {
				t.Error("it rests although a key was pressed")
			}
			wait.Until(t, "it rests", func() bool { return !state(t, w).InUse })
			if d := time.Since(at); d < rest-50*time.Millisecond {
				t.Errorf("it rests after %v", d)
			}
			if off := state(t, w).Last.Sub(at); off.Abs() > rest {
				t.Errorf("the last input is %v off", off)
			}
			press(t)
			wait.Until(t, "it is in use", func() bool { return state(t, w).InUse })
		})
	}
}

// The end of the X server is an error.
func TestServerEnds(t *testing.T) {
	for name, open := range watches {
		t.Run(name, func(t *testing.T) {
			x := xvfb(t)
			changed := make(chan struct{}, 100)
			w, err := open(t.Context(), 200*time.Millisecond, func() { changed <- struct{}{} })
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			wait.Until(t, "an error", func() bool { _, err := w.State(); return err != nil })
			<-changed
			w.Close()
		})
	}
}

// An X server that hangs delays neither opening nor closing for long.
func TestServerThatHangs(t *testing.T) {
	for name, open := range watches {
		t.Run(name, func(t *testing.T) {
			x := xvfb(t)
			w, err := open(t.Context(), time.Minute, func() {})
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			w.Close()
			if d := time.Since(began); d > closeTimeout+time.Second {
				t.Errorf("closing took %v", d)
			}
			began = time.Now()
			if _, err := open(t.Context(), time.Minute, func() {}); err == nil || time.Since(began) > answerTimeout+time.Second {
				t.Errorf("opening: %v after %v", err, time.Since(began))
			}
			if err := x.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			wait.Until(t, "it opens again", func() bool {
				w, err := open(t.Context(), time.Minute, func() {})
				if err == nil {
					w.Close()
				}
				return err == nil
			})
		})
	}
}

// An X server inside a Wayland session sees only a part of the input.
func TestXWaylandIsRefused(t *testing.T) {
	xvfb(t)
	for _, env := range [][2]string{{"WAYLAND_DISPLAY", "wayland-0"}, {"XDG_SESSION_TYPE", "wayland"}} {
		t.Run(env[0], func(t *testing.T) {
			t.Setenv(env[0], env[1])
			if conn, err := dial(t.Context()); err == nil {
				conn.Close()
				t.Error("it is used")
			}
		})
	}
}
