//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"heliograph/detect"
)

// Screen lockers that tell nobody, as they come.
func TestLockByRealLockers(t *testing.T) {
	for _, c := range [][]string{{"i3lock", "-n"}} {
		t.Run(c[0], func(t *testing.T) {
			needs(t, c[0])
			w := watching(t, detect.Options{})
			eventually(t, "its file is watched", func() bool { return part(w, "lockers").Backend != "" })
			if w.Activity().Locked {
				t.Fatal("locked before it runs")
			}
			p := start(t, nil, c[0], c[1:]...)
			eventually(t, "locked", func() bool { return w.Activity().Locked })
			killed(p)
			eventually(t, "unlocked", func() bool { return !w.Activity().Locked })
		})
	}
}

// On Wayland, too.
func TestLockBySwaylock(t *testing.T) {
	needs(t, "sway", "swaylock")
	run := runtimeDir(t)
	user := []string{}
	if os.Getuid() == 0 {
		user = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
	}
	env := []string{"XDG_RUNTIME_DIR=" + run, "HOME=" + run, "WLR_BACKENDS=headless", "WLR_RENDERER=pixman", "WLR_LIBINPUT_NO_DEVICES=1", "WAYLAND_DISPLAY=", "DISPLAY="}
	as := func(args ...string) *process {
		args = append(slices.Clone(user), args...)
		return start(t, env, args[0], args[1:]...)
	}
	write(t, filepath.Join(run, "config"), "xwayland disable\n")
	as("sway", "-c", filepath.Join(run, "config"))
	display := filepath.Join(run, "wayland-1")
	eventually(t, "sway listens", func() bool { return listens(display) })
	t.Setenv("WAYLAND_DISPLAY", display) // a locker of another screen would not count
	w := watching(t, detect.Options{})
	eventually(t, "its file is watched", func() bool { return part(w, "lockers").Backend != "" })
	env = append(env, "WAYLAND_DISPLAY=wayland-1")
	lock := as("swaylock")
	eventually(t, "locked", func() bool { return w.Activity().Locked })
	killed(lock)
	eventually(t, "unlocked", func() bool { return !w.Activity().Locked })
}
