package lab

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"heliograph/build/wait"
)

// Process is a program that a test has started and that ends with the test.
type Process struct {
	Began time.Time // just before it was started

	t    testing.TB
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended

	mu  sync.Mutex
	out bytes.Buffer
}

// drainTime is how long the output of a process that has ended is waited for.
// Wine leaves programs in the background that hold it open.
const drainTime = time.Second

// Start runs a program until the test ends; env is added to the environment of
// the test. At the end it gets SIGTERM, and must end within Patience. What it
// wrote is logged if the test fails.
func Start(t testing.TB, env []string, name string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.WaitDelay = drainTime
	p.Began = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // its exit code is in ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Signal(syscall.SIGTERM)
		if !p.EndsWithin(wait.Patience) {
			p.Kill()
			t.Errorf("%s did not end", name)
		}
		if t.Failed() {
			t.Logf("%s %q:\n%s", name, args, p.Output())
		}
	})
	return p
}

// Write takes what the program writes; both its streams come here.
func (p *Process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

// Output returns all that the program has written so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal; a program that has ended ignores it.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Stop sends SIGTERM and returns the exit code.
func (p *Process) Stop() int {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	return p.Wait()
}

// Kill ends the program as a crash would.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// Ended reports whether the program has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait returns the exit code; -1: a signal ended it. The test fails unless the
// program ends within Patience.
func (p *Process) Wait() int {
	p.t.Helper()
	if !p.EndsWithin(wait.Patience) {
		p.t.Fatalf("%q does not end:\n%s", p.cmd.Args, p.Output())
	}
	return p.cmd.ProcessState.ExitCode()
}

// EndsWithin reports whether the program ends within d.
func (p *Process) EndsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}
