//go:build unix

package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
	"heliograph/detect"
)

// Real screen lockers that report nothing on a bus.

func TestLockByI3lock(t *testing.T) {
	needs(t, "i3lock")
	lockedWhile(t, func() *lab.Process { return lab.Start(t, nil, "i3lock", "-n") })
}

// TestLockBySwaylock: on Wayland too. A locker of another display does not count.
func TestLockBySwaylock(t *testing.T) {
	needs(t, "sway", "swaymsg", "swaylock")
	s := newSway(t)
	s.start(t)
	lockedWhile(t, func() *lab.Process { return s.inside(t, "swaylock") })
}

// lockedWhile: the screen is locked exactly while the locker runs.
func lockedWhile(t *testing.T, start func() *lab.Process) {
	t.Helper()
	w := watching(t, detect.Options{})
	wait.Until(t, "the lockers are watched", func() bool { return part(w, "lockers").Backend != "" })
	if w.Activity().Locked {
		t.Fatal("locked before the locker runs")
	}
	locker := start()
	wait.Until(t, "locked", func() bool { return w.Activity().Locked })
	killWithChildren(t, locker)
	wait.Until(t, "unlocked", func() bool { return !w.Activity().Locked })
}

// killWithChildren ends a process and those that it has started, which may not
// have asked yet to end with it, as the one of i3lock that keeps its window above
// others.
func killWithChildren(t *testing.T, p *lab.Process) {
	t.Helper()
	p.Signal(syscall.SIGSTOP) // it starts no other
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", p.PID(), p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	for _, child := range strings.Fields(string(raw)) {
		pid, err := strconv.Atoi(child)
		if err != nil {
			t.Fatal(err)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended with its parent
	}
}
