package outlets

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// processGroup is a command with all processes that it starts, as a job object.
//
// Source: https://learn.microsoft.com/windows/win32/procthread/job-objects
type processGroup struct {
	job     windows.Handle
	process *os.Process
}

// startGroup starts cmd, without a console window, in a job of its own. A
// process that the command starts within its first instant, before it is in the
// job, is not part of it.
func startGroup(cmd *exec.Cmd) (*processGroup, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP}
	if err := cmd.Start(); err != nil {
		windows.CloseHandle(job)
		return nil, err
	}
	g := &processGroup{job, cmd.Process}
	assign := func(process uintptr) { err = windows.AssignProcessToJobObject(job, windows.Handle(process)) }
	if herr := cmd.Process.WithHandle(assign); herr != nil {
		err = herr
	}
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		// It can still be killed alone.
		windows.CloseHandle(job)
		g.job = 0
	}
	return g, nil
}

// terminate ends the processes at once: Windows has no signal that reaches a
// program without a window or console.
func (g *processGroup) terminate() { g.kill() }

// kill ends the processes. An error means that none of them is left.
func (g *processGroup) kill() {
	if g.job != 0 {
		_ = windows.TerminateJobObject(g.job, 1)
	}
	_ = g.process.Kill()
}

// close releases the job. What the command left in the background goes on.
func (g *processGroup) close() {
	if g.job != 0 {
		windows.CloseHandle(g.job)
	}
}
