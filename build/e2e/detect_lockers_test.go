//go:build unix

package e2e

import (
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
	locker.Kill()
	wait.Until(t, "unlocked", func() bool { return !w.Activity().Locked })
}
