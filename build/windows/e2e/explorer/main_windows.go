// Command explorer stands in for Windows Explorer in the stories: a program
// that it starts has a parent named explorer.exe if this one is built under that
// name. Like Explorer it passes no standard handles, starts the program in
// the program's folder, and stays for as long as the program runs. Its exit
// status is the program's.
//
// usage: explorer.exe PROGRAM [ARGUMENT...]
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: explorer.exe PROGRAM [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := run(os.Args[1], os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "explorer:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// run starts a program and waits for its end. Package os always passes standard
// handles; package syscall passes none where they are zero.
func run(program string, argv []string) (code int, err error) {
	pid, handle, err := syscall.StartProcess(program, argv, &syscall.ProcAttr{
		Dir:   filepath.Dir(program),
		Env:   os.Environ(),
		Files: []uintptr{0, 0, 0},
	})
	if err != nil {
		return 0, fmt.Errorf("%s cannot be started: %w", program, err)
	}
	defer syscall.CloseHandle(syscall.Handle(handle)) // until then the pid is not given to another process
	p, err := os.FindProcess(pid)
	if err != nil {
		return 0, err
	}
	state, err := p.Wait()
	if err != nil {
		return 0, err
	}
	return state.ExitCode(), nil
}
