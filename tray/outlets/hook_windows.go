package outlets

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// processGroup is a command with all processes that it starts, as a job object.
//
// Source: https://learn.microsoft.com/windows/win32/procthread/job-objects
type processGroup struct {
	job     windows.Handle
	process *os.Process
}

// startGroup starts cmd, without a console window, in a job of its own. The
// command begins suspended, so that it starts nothing before it is in the job.
func startGroup(cmd *exec.Cmd) (*processGroup, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, fmt.Errorf("create a job: %w", err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_SUSPENDED}
	if err := cmd.Start(); err != nil {
		windows.CloseHandle(job)
		return nil, err
	}
	g := &processGroup{job, cmd.Process}
	err = errors.Join(g.add(), resume(uint32(cmd.Process.Pid)))
	if err != nil {
		g.kill()
		_ = cmd.Wait() // it was killed
		g.close()
		return nil, err
	}
	return g, nil
}

// add puts the command into the job.
func (g *processGroup) add() error {
	var err error
	herr := g.process.WithHandle(func(process uintptr) {
		err = windows.AssignProcessToJobObject(g.job, windows.Handle(process))
	})
	if err := errors.Join(herr, err); err != nil {
		return fmt.Errorf("add to the job: %w", err)
	}
	return nil
}

// resume lets a suspended process run: its only thread waits.
func resume(pid uint32) error {
	threads, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return fmt.Errorf("list the threads: %w", err)
	}
	defer windows.CloseHandle(threads)
	entry := windows.ThreadEntry32{Size: uint32(unsafe.Sizeof(windows.ThreadEntry32{}))}
	for err = windows.Thread32First(threads, &entry); err == nil; err = windows.Thread32Next(threads, &entry) {
		if entry.OwnerProcessID == pid {
			return resumeThread(entry.ThreadID)
		}
	}
	return fmt.Errorf("find the thread of process %d: %w", pid, err)
}

func resumeThread(id uint32) error {
	thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, id)
	if err != nil {
		return fmt.Errorf("open the thread: %w", err)
	}
	defer windows.CloseHandle(thread)
	if _, err := windows.ResumeThread(thread); err != nil {
		return fmt.Errorf("resume the thread: %w", err)
	}
	return nil
}

// terminate ends the processes at once: Windows has no signal that reaches a
// program without a window or console.
func (g *processGroup) terminate() { g.kill() }

// kill ends the processes. An error means that none of them is left.
func (g *processGroup) kill() {
	_ = windows.TerminateJobObject(g.job, 1)
	_ = g.process.Kill()
}

// close releases the job. What the command left in the background goes on.
func (g *processGroup) close() { windows.CloseHandle(g.job) }
