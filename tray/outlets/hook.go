package outlets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"heliograph/tray/control"
)

// Hook is a command that runs with each change.
type Hook struct {
	// Command is the program and its arguments; no shell reads them. A leading
	// "~/" of the program is the home folder. Empty: no hook.
	Command []string
	// Timeout is how long it may run before it is killed with all that it
	// started; zero: ten seconds.
	Timeout time.Duration
}

// hookTimeout is long enough for a command that speaks to a lamp over a slow
// network, and short enough that one that hangs is noticed.
const hookTimeout = 10 * time.Second

// hookGrace is how long a command has to end after it was asked to, and how
// long the output of one that has ended is waited for: a program that it left
// in the background may hold it open. hookStopGrace is the same when heliograph
// itself must stop; it fits twice into stopGrace.
const (
	hookGrace     = 2 * time.Second
	hookStopGrace = 200 * time.Millisecond
)

// hook runs the command, never twice at once: what changes while it runs waits
// in the slot, where the newest state wins.
type hook struct {
	Hook
	report *report
}

func (h *hook) run(ctx context.Context, states <-chan control.State) {
	var last *key // of the state that it ran for last
	for s := range states {
		if ctx.Err() != nil {
			return
		}
		if k := keyOf(s); last == nil || k != *last { // it may have changed back
			last = &k
			h.call(ctx, s)
		}
	}
}

// call runs the command for s and reports the outcome.
func (h *hook) call(ctx context.Context, s control.State) {
	began := clock()
	err := h.execute(ctx, s)
	switch {
	case err == nil:
		h.report.healthy("last ran at " + began)
	case ctx.Err() != nil: // stopped while it was running
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		h.report.failing(err, "name an executable file with its full path in [hooks] on_change")
	case errors.Is(err, context.DeadlineExceeded):
		h.report.failing(err, "make the command quicker, or raise [hooks] timeout")
	default:
		h.report.failing(err, "run the command by hand: it gets the output of heliograph status --json on its input")
	}
}

// execute runs the command once and waits for its end.
func (h *hook) execute(ctx context.Context, s control.State) error {
	timeout := h.Timeout
	if timeout <= 0 {
		timeout = hookTimeout
	}
	input, err := encode(s, true)
	if err != nil {
		return err
	}
	stderr := &lastLine{}
	cmd := exec.Command(expandHome(h.Command[0]), h.Command[1:]...)
	cmd.Env = append(os.Environ(), environment(s)...)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = stderr
	cmd.WaitDelay = hookGrace
	group, err := startGroup(cmd)
	if err != nil {
		return fmt.Errorf("the command cannot be started: %w", err)
	}
	defer group.close()
	var waitErr error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		waitErr = cmd.Wait()
	}()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	select {
	case <-ended:
		return outcome(cmd, waitErr, stderr)
	case <-deadline.C:
		stopGroup(ctx, group, ended, hookGrace)
		return fmt.Errorf("the command did not end in %s: %w", timeout, context.DeadlineExceeded)
	case <-ctx.Done():
		stopGroup(ctx, group, ended, hookStopGrace)
		return ctx.Err()
	}
}

// stopGroup asks a process group to end, kills it after grace or with ctx, and
// waits until the command itself has ended. A process that even a kill does not
// end, because the kernel does not return from a call of it, is left behind.
func stopGroup(ctx context.Context, group *processGroup, ended <-chan struct{}, grace time.Duration) {
	group.terminate()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	stopped := ctx.Done()
	if ctx.Err() != nil {
		stopped = nil // grace is all that is left
	}
	select {
	case <-ended:
	case <-timer.C:
	case <-stopped:
	}
	group.kill() // including what outlived the command itself
	timer.Reset(grace)
	select {
	case <-ended:
	case <-timer.C:
	}
}

// outcome returns nil for a command that succeeded, or its failure with the
// last line that it wrote.
func outcome(cmd *exec.Cmd, err error, stderr *lastLine) error {
	if err == nil || cmd.ProcessState.Success() {
		return nil // exec.ErrWaitDelay: a child of the command outlives it
	}
	text := fmt.Sprintf("the command failed with exit code %d", cmd.ProcessState.ExitCode())
	if cmd.ProcessState.ExitCode() < 0 {
		text = "the command failed: " + cmd.ProcessState.String()
	}
	if line := stderr.String(); line != "" {
		text += ": " + line
	}
	return errors.New(text)
}

// expandHome replaces a leading "~/" with the home folder.
func expandHome(name string) string {
	rest, ok := strings.CutPrefix(name, "~/")
	if !ok {
		return name
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return name
	}
	return filepath.Join(home, rest)
}

// lastLine keeps the last line that was written to it, in printable characters.
type lastLine struct {
	line  []byte
	ended bool // the next byte begins another line
}

// lastLineMax bounds the line, in bytes.
const lastLineMax = 200

func (l *lastLine) Write(b []byte) (int, error) {
	for _, c := range b {
		if c == '\n' || c == '\r' {
			l.ended = true
			continue
		}
		if l.ended {
			l.line, l.ended = l.line[:0], false
		}
		if len(l.line) < lastLineMax {
			l.line = append(l.line, c)
		}
	}
	return len(b), nil
}

func (l *lastLine) String() string {
	printable := func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}
	return strings.TrimSpace(strings.Map(printable, string(l.line)))
}
