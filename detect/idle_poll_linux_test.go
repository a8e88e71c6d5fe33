package detect

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// xvfb starts an X server of the test's own and points DISPLAY to it.
func xvfb(t *testing.T) {
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
	t.Cleanup(func() { _ = x.Process.Signal(os.Interrupt); _ = x.Wait() })
	_ = r.SetReadDeadline(time.Now().Add(10 * time.Second))
	number, err := bufio.NewReader(r).ReadString('\n') // it comes in pieces
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("XDG_SESSION_TYPE", "x11")
	t.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
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

// Both ways to ask a display must agree with a hand.
func TestXIdle(t *testing.T) {
	xvfb(t)
	const settle = 400 * time.Millisecond
	for _, c := range []candidate{{name: "x11-sync", open: openX11Idle}, {name: "x11-polling", open: openPollIdle}} {
		t.Run(c.name, func(t *testing.T) {
			press(t)
			at := time.Now()
			src, err := c.open(t.Context(), env{settle: settle, changed: func() {}})
			if err != nil {
				t.Fatal(err)
			}
			defer src.close()
			if f := sampled(t, src); !f.inUse && time.Since(at) < settle {
				t.Error("a used desk rests")
			}
			soon(t, "it rests", func() bool { return !sampled(t, src).inUse })
			if d := time.Since(at); d < settle-50*time.Millisecond {
				t.Errorf("it rests after %v", d)
			}
			if off := sampled(t, src).lastInput.Sub(at); off.Abs() > settle {
				t.Errorf("the last input is %v off", off)
			}
			press(t)
			soon(t, "it is used", func() bool { return sampled(t, src).inUse })
		})
	}
}

// An X server inside a Wayland session sees only a part of the input.
func TestXWaylandIsNotAsked(t *testing.T) {
	xvfb(t)
	for _, env := range [][2]string{{"WAYLAND_DISPLAY", "wayland-0"}, {"XDG_SESSION_TYPE", "wayland"}} {
		t.Run(env[0], func(t *testing.T) {
			t.Setenv(env[0], env[1])
			if conn, err := dialX(); err == nil {
				conn.Close()
				t.Error("it was asked")
			}
		})
	}
}
