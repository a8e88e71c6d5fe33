package consent

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows/registry"
)

// patience is how long Windows may take on a busy computer.
const patience = 10 * time.Second

// list makes the registry list this test as a program that uses a device.
func list(t *testing.T, d Device, exe string) registry.Key {
	t.Helper()
	name := storeKey + string(d) + `\NonPackaged\` + strings.ReplaceAll(exe, `\`, "#")
	k, _, err := registry.CreateKey(registry.CURRENT_USER, name, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		k.Close()
		if err := registry.DeleteKey(registry.CURRENT_USER, name); err != nil {
			t.Error(err)
		}
	})
	return k
}

// set writes the beginning or the end of a use; the zero time is written as 0.
func set(t *testing.T, k registry.Key, name string, at time.Time) {
	t.Helper()
	var n uint64
	if !at.IsZero() {
		n = uint64(at.UnixNano()/100 + 116444736000000000)
	}
	if err := k.SetQWordValue(name, n); err != nil {
		t.Fatal(err)
	}
}

func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// watched is a watcher with its notifications.
type watched struct {
	*Watcher
	notified chan struct{}
}

func watch(t *testing.T, d Device) watched {
	t.Helper()
	n := make(chan struct{}, 64)
	w, err := Watch(t.Context(), d, func() { n <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return watched{w, n}
}

// until reads the uses at each notification until they are as wanted.
func (w watched) until(t *testing.T, what string, ok func([]Use) bool) []Use {
	t.Helper()
	end := time.After(patience)
	for {
		uses, err := w.Uses()
		if err != nil {
			t.Fatal(err)
		}
		if ok(uses) {
			return uses
		}
		select {
		case <-w.notified:
		case <-end:
			t.Fatalf("not %s: %+v", what, uses)
		}
	}
}

func inUse(uses []Use) bool    { return len(uses) == 1 }
func notInUse(uses []Use) bool { return len(uses) == 0 }

func TestUseIsWatched(t *testing.T) {
	k := list(t, Microphone, self(t))
	set(t, k, "LastUsedTimeStart", time.Now().Add(-time.Hour))
	set(t, k, "LastUsedTimeStop", time.Now().Add(-time.Minute))
	w := watch(t, Microphone)
	if uses, err := w.Uses(); err != nil || len(uses) != 0 {
		t.Fatalf("at first %+v, %v", uses, err)
	}
	best := patience
	for range 3 {
		set(t, k, "LastUsedTimeStart", time.Now())
		began := time.Now()
		set(t, k, "LastUsedTimeStop", time.Time{})
		u := w.until(t, "in use", inUse)[0]
		best = min(best, time.Since(began))
		t.Logf("seen %v after the write", time.Since(began).Round(time.Millisecond))
		if u.PID != os.Getpid() || len(u.Names) < 2 || !strings.HasSuffix(u.Names[0], ".exe") || u.Names[0] != u.Names[1] {
			t.Errorf("got %+v", u)
		}
		set(t, k, "LastUsedTimeStop", time.Now())
		w.until(t, "not in use", notInUse)
	}
	// The best of them, since a busy computer delays a single one.
	if best > 200*time.Millisecond {
		t.Errorf("seen %v after the write at best", best)
	}
}

// TestDevicesHaveListsOfTheirOwn: a camera in use does not mean that the
// microphone is.
func TestDevicesHaveListsOfTheirOwn(t *testing.T) {
	list(t, Microphone, self(t))
	k := list(t, Camera, self(t))
	microphone, camera := watch(t, Microphone), watch(t, Camera)
	set(t, k, "LastUsedTimeStart", time.Now())
	set(t, k, "LastUsedTimeStop", time.Time{})
	camera.until(t, "in use", inUse)
	if uses, err := microphone.Uses(); err != nil || len(uses) != 0 {
		t.Errorf("microphone: %+v, %v", uses, err)
	}
}

// TestUseEndsWithItsProcess, which is killed and leaves its entry behind.
func TestUseEndsWithItsProcess(t *testing.T) {
	if os.Getenv("CONSENT_TEST_CHILD") != "" {
		select {}
	}
	// A copy, since this test's own process would be found under the same path.
	program := strings.TrimSuffix(self(t), ".exe") + "-child.exe"
	raw, err := os.ReadFile(self(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, raw, 0o700); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(program, "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "CONSENT_TEST_CHILD=1")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill() // it may have ended
		_ = child.Wait()
		if err := os.Remove(program); err != nil {
			t.Error(err)
		}
	})
	k := list(t, Microphone, program)
	set(t, k, "LastUsedTimeStart", time.Now())
	set(t, k, "LastUsedTimeStop", time.Time{})
	w := watch(t, Microphone)
	w.until(t, "in use", func(uses []Use) bool { return inUse(uses) && uses[0].PID == child.Process.Pid })
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	w.until(t, "over", notInUse)
}

func TestNoListIsAnError(t *testing.T) {
	if w, err := Watch(t.Context(), "no such device", func() {}); err == nil {
		w.Close()
		t.Error("it is watched")
	}
}
