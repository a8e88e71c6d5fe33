package outlets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Hook is a command that is run with each change.
type Hook struct {
	// Command is the program and its arguments; no shell reads them. A leading
	// "~/" of the program is the home folder. Empty: no hook.
	Command []string
	// Timeout is how long it may run before it is ended with all that it
	// started (default 10 s).
	Timeout time.Duration
}

// hookTimeout is long enough for a command that speaks to a lamp over a slow
// network, short enough that a hanging one is noticed.
const hookTimeout = 10 * time.Second

// hookGrace is how long a command that was asked to end has for it, and how
// long the output of one that has ended is waited for: a program it left in the
// background may hold it open.
const hookGrace = 2 * time.Second

// hook runs the command, one at a time: what changes meanwhile waits in the
// slot, where the latest wins.
type hook struct {
	Hook
	report *report
}

func (h *hook) run(ctx context.Context, states <-chan State) {
	var told key
	first := true
	for s := range states {
		if ctx.Err() != nil {
			return
		}
		if k := s.key(); first || k != told { // it may have changed back
			told, first = k, false
			h.tell(ctx, s)
		}
	}
}

func (h *hook) tell(ctx context.Context, s State) {
	began := time.Now()
	err := h.call(ctx, s)
	value := "last ran at " + began.Format("15:04:05")
	switch {
	case err == nil:
		h.report.well(value)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		h.report.ill(value, err, "name an executable file with its full path in [hooks] on_change")
	case errors.Is(err, context.DeadlineExceeded):
		h.report.ill(value, err, "make the command quicker, or raise [hooks] timeout")
	default:
		h.report.ill(value, err, "run the command by hand: it gets the output of heliograph status --json on its input")
	}
}

// call runs the command once and waits for it.
func (h *hook) call(ctx context.Context, s State) error {
	timeout := h.Timeout
	if timeout <= 0 {
		timeout = hookTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.Command(atHome(h.Command[0]), h.Command[1:]...)
	cmd.Env = append(os.Environ(), environment(s)...)
	cmd.Stdin = bytes.NewReader(s.body(true))
	last := &lastLine{}
	cmd.Stderr = last
	cmd.WaitDelay = hookGrace
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("the command does not start: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return verdict(cmd, err, last)
	case <-ctx.Done():
	}
	askToEnd(cmd)
	grace := time.NewTimer(hookGrace)
	defer grace.Stop()
	select {
	case err := <-done:
		done <- err
	case <-grace.C:
	}
	kill(cmd) // also what outlived the command itself
	<-done
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("the command did not end in %s: %w", timeout, ctx.Err())
	}
	return ctx.Err()
}

// verdict tells a failure with the command's own last words.
func verdict(cmd *exec.Cmd, err error, last *lastLine) error {
	if err == nil || cmd.ProcessState.Success() {
		return nil // exec.ErrWaitDelay: a child of its own outlives it
	}
	text := fmt.Sprintf("the command failed with exit code %d", cmd.ProcessState.ExitCode())
	if cmd.ProcessState.ExitCode() < 0 {
		text = "the command failed: " + cmd.ProcessState.String()
	}
	if words := last.String(); words != "" {
		text += ": " + words
	}
	return errors.New(text)
}

// environment is the state as variables, for commands that read no JSON. An
// instant is in RFC 3339, or empty.
func environment(s State) []string {
	instant := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	var env []string
	for _, v := range [][2]string{
		{"CHOICE", s.Choice.Status},
		{"AVAILABILITY", s.Wanted.Availability}, {"ACTIVITY", s.Wanted.Activity},
		{"RULE", s.Reason.Rule}, {"REASON", s.Reason.Text}, {"APP", s.Reason.App},
		{"SINCE", instant(s.Since)}, {"UNTIL", instant(s.Until)},
		{"IN_CALL", strconv.FormatBool(s.Activity.InCall)}, {"CALL_APP", s.Activity.Call},
		{"LOCKED", strconv.FormatBool(s.Activity.Locked)}, {"IDLE", strconv.FormatBool(s.Activity.Idle)},
		{"LAST_INPUT", instant(s.Activity.LastInput)},
		{"ERROR", s.Error},
	} {
		// No system takes a zero byte in a variable.
		env = append(env, "HELIOGRAPH_"+v[0]+"="+strings.ReplaceAll(v[1], "\x00", ""))
	}
	return env
}

// atHome puts the home folder for a leading "~/".
func atHome(name string) string {
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

// lastLine keeps the last line that was written to it, as far as a person
// would read it.
type lastLine struct {
	line  []byte
	whole bool // a line has ended: the next byte begins another
}

const lastLineMax = 200

func (l *lastLine) Write(b []byte) (int, error) {
	for _, c := range b {
		if c == '\n' || c == '\r' {
			l.whole = true
			continue
		}
		if l.whole {
			l.line, l.whole = l.line[:0], false
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
