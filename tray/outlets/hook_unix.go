//go:build unix

package outlets

import (
	"os/exec"
	"syscall"
)

// processGroup is a command with all processes that it starts, unless one
// leaves the group on purpose.
type processGroup struct{ id int }

// startGroup starts cmd as the leader of a new process group.
func startGroup(cmd *exec.Cmd) (*processGroup, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &processGroup{cmd.Process.Pid}, nil
}

// terminate asks the processes to end; kill ends them. An error means that none
// of them is left.
func (g *processGroup) terminate() { _ = syscall.Kill(-g.id, syscall.SIGTERM) }
func (g *processGroup) kill()      { _ = syscall.Kill(-g.id, syscall.SIGKILL) }
func (g *processGroup) close()     {}
