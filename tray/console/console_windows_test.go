package console

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"heliograph/build/wait"
)

// playTray makes this test's program the one that a shell starts: it attaches
// itself, and detaches itself when it is told to. It leaves files in the folder
// that the variable names.
const playTray = "HELIOGRAPH_TEST_CONSOLE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(playTray); dir != "" {
		procFreeConsole.Call() // one without a console of its own
		Attach()
		note(dir, "attached")
		for !there(dir, "detach") {
			windows.SleepEx(20, false)
		}
		Detach()
		note(dir, "detached")
		for !there(dir, "end") {
			windows.SleepEx(20, false)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func note(dir, name string) {
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
		panic(err)
	}
}

func there(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// users counts the processes of this process's console.
func users() int {
	var pids [16]uint32
	n, _, _ := kernel32.NewProc("GetConsoleProcessList").Call(uintptr(unsafe.Pointer(&pids[0])), uintptr(len(pids)))
	return int(n)
}

// TestTrayLeavesTheConsoleOfItsShell: the shell's window may be closed then.
func TestTrayLeavesTheConsoleOfItsShell(t *testing.T) {
	procFreeConsole.Call()
	if ok, _, err := kernel32.NewProc("AllocConsole").Call(); ok == 0 {
		t.Skipf("no console here: %v", err)
	}
	before := users()
	dir := t.TempDir()
	t.Setenv(playTray, dir)
	// Package os always passes standard handles, and a program with any keeps them.
	_, process, err := syscall.StartProcess(os.Args[0], os.Args[:1], &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.TerminateProcess(syscall.Handle(process), 1) // it has ended in most cases
		_ = syscall.CloseHandle(syscall.Handle(process))
	})
	wait.Until(t, "it is attached", func() bool { return there(dir, "attached") })
	if n := users(); n != before+1 {
		t.Errorf("%d processes use the console, and %d did before", n, before)
	}
	note(dir, "detach")
	wait.Until(t, "it is detached", func() bool { return there(dir, "detached") })
	if n := users(); n != before {
		t.Errorf("%d processes use the console, and %d did before", n, before)
	}
	note(dir, "end")
	if event, err := windows.WaitForSingleObject(windows.Handle(process), 10_000); err != nil || event != windows.WAIT_OBJECT_0 {
		t.Errorf("it does not end: %#x, %v", event, err)
	}
}
