package outlets

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"heliograph/build/wait"
)

// The test's own program plays the hook and its child: Windows has no shell
// script that could.
const (
	playHook  = "HELIOGRAPH_TEST_HOOK"
	playChild = "HELIOGRAPH_TEST_CHILD"
)

func TestMain(m *testing.M) {
	switch dir := os.Getenv(playHook); {
	case os.Getenv(playChild) != "":
		hang()
	case dir != "":
		hangWithChild(dir)
	}
	os.Exit(m.Run())
}

// hangWithChild starts a child, writes both process ids into dir and hangs.
func hangWithChild(dir string) {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	child := exec.Command(exe)
	child.Env = append(os.Environ(), playChild+"=1")
	if err := child.Start(); err != nil {
		panic(err)
	}
	ids := strconv.Itoa(os.Getpid()) + " " + strconv.Itoa(child.Process.Pid)
	if err := os.WriteFile(filepath.Join(dir, "new"), []byte(ids), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "ids")); err != nil {
		panic(err)
	}
	hang()
}

// hang waits longer than any test. A timer keeps the runtime from reporting a
// deadlock.
func hang() { <-time.After(time.Hour) }

// TestHangingHookIsKilled holds that a hook's child ends with it.
func TestHangingHookIsKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv(playHook, dir)
	h, _ := newHub(t, Options{Hook: Hook{Command: []string{exe}, Timeout: 5 * time.Second}})
	h.Publish(available())
	var processes []windows.Handle
	wait.Until(t, "the hook and its child run", func() bool {
		ids := strings.Fields(read(filepath.Join(dir, "ids")))
		for _, id := range ids {
			pid, err := strconv.ParseUint(id, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			p, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { windows.CloseHandle(p) })
			processes = append(processes, p)
		}
		return len(ids) > 0
	})
	wait.Until(t, "the failure shows", func() bool { return strings.Contains(h.Parts()[0].Problem, "did not end in 5s") })
	for i, p := range processes {
		if event, err := windows.WaitForSingleObject(p, 5000); err != nil || event != windows.WAIT_OBJECT_0 {
			t.Errorf("process %d of %d still runs (%#x, %v)", i+1, len(processes), event, err)
		}
	}
}
