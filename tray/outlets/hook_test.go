//go:build unix

package outlets

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"heliograph/build/wait"
)

// script writes a shell script; $D is the folder it may write to.
func script(t *testing.T, body string) (path, dir string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nD='"+dir+"'\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, dir
}

func newHook(t *testing.T, timeout time.Duration, command ...string) (*Hub, *buffer) {
	t.Helper()
	return newHub(t, Options{Hook: Hook{Command: command, Timeout: timeout}})
}

func TestHookGetsTheState(t *testing.T) {
	path, dir := script(t, `printf '%s' "$*" >$D/args; env | grep ^HELIOGRAPH_ | sort >$D/env; cat >$D/in.new; mv $D/in.new $D/in`)
	h, out := newHook(t, 0, path, "a b", "$HOME")
	h.Publish(inCall())
	wait.Until(t, "the hook has run", func() bool { return strings.Contains(h.Parts()[0].Value, "last ran") })
	checkState(t, []byte(read(dir+"/in")), inCall(), true)
	if got := read(dir + "/args"); got != "a b $HOME" {
		t.Errorf("arguments %q", got)
	}
	for _, want := range []string{"AVAILABILITY=Busy", "ACTIVITY=InACall", "RULE=call", "REASON=Zoom is in a call since 12:01", "APP=Zoom", "IN_CALL=true",
		"CALL_APP=Zoom", "SINCE=2026-11-24T12:01:00Z", "UNTIL=2026-11-24T12:05:00Z", "LOCKED=false", "IDLE=false", "CHOICE=automatic", "ERROR="} {
		if !strings.Contains("\n"+read(dir+"/env"), "\nHELIOGRAPH_"+want+"\n") {
			t.Errorf("no %s in\n%s", want, read(dir+"/env"))
		}
	}
	if p := h.Parts()[0]; p.Problem != "" || p.Name != "hook" || p.Backend != path || out.String() != "" {
		t.Errorf("%+v, log %s", p, out)
	}
}

// TestHookNeverRunsTwiceAtOnce publishes three changes while it runs: it runs
// once more, with the last one.
func TestHookNeverRunsTwiceAtOnce(t *testing.T) {
	path, dir := script(t, `mkdir $D/lock || echo twice >>$D/log
echo $HELIOGRAPH_RULE >>$D/log
while [ ! -e $D/go ]; do sleep 0.02; done
rmdir $D/lock`)
	h, _ := newHook(t, wait.Patience, path)
	h.Publish(available())
	wait.Until(t, "it runs", func() bool { return read(dir+"/log") == "input\n" })
	h.Publish(inCall())
	for _, rule := range []string{"locked", "idle"} {
		h.Publish(withRule(available(), rule))
	}
	if err := os.WriteFile(dir+"/go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.Close(t.Context())
	if got := read(dir + "/log"); got != "input\nidle\n" {
		t.Errorf("it ran for %q", got)
	}
}

func TestHookFailureIsReported(t *testing.T) {
	path, dir := script(t, `[ -e $D/ok ] && exit 0; echo first >&2; printf 'no \033lamp\n' >&2; exit 3`)
	h, out := newHook(t, 0, path)
	h.Publish(available())
	wait.Until(t, "the failure shows", func() bool { return h.Parts()[0].Problem != "" })
	if p := h.Parts()[0]; p.Problem != "the command failed with exit code 3: no lamp" || p.Fix == "" {
		t.Errorf("%+v", p)
	}
	h.Publish(inCall())
	s := available()
	s.Activity.Locked = true
	if err := os.WriteFile(dir+"/ok", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.Publish(s)
	wait.Until(t, "it works again", func() bool { return h.Parts()[0].Problem == "" })
	if text := out.String(); strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, "works again") || strings.Contains(text, "Zoom") {
		t.Errorf("log:\n%s", text)
	}
}

func TestHookThatCannotStart(t *testing.T) {
	path, _ := script(t, "")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"/no/such/program", "no-such-program-anywhere", path} {
		h, _ := newHook(t, 0, command)
		h.Publish(available())
		wait.Until(t, "the failure shows", func() bool { return strings.Contains(h.Parts()[0].Fix, "on_change") })
	}
}

// alive reports whether a process other than a zombie has this id.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return os.IsExist(syscall.Kill(pid, 0))
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

// TestHangingHookIsKilled has a hook that, like its child, ignores SIGTERM.
func TestHangingHookIsKilled(t *testing.T) {
	path, dir := script(t, `trap '' TERM; sleep 600 & echo $! >$D/child.new; mv $D/child.new $D/child; echo $$ >$D/self; wait; wait; sleep 600`)
	h, _ := newHook(t, 300*time.Millisecond, path)
	h.Publish(available())
	wait.Until(t, "the failure shows", func() bool { return strings.Contains(h.Parts()[0].Problem, "did not end in 300ms") })
	for _, name := range []string{"self", "child"} {
		pid, err := strconv.Atoi(strings.TrimSpace(read(dir + "/" + name)))
		if err != nil {
			t.Fatal(err)
		}
		wait.Until(t, name+" has ended", func() bool { return !alive(pid) })
	}
}

// TestHookMayLeaveAProcessBehind starts a child that keeps the output open.
func TestHookMayLeaveAProcessBehind(t *testing.T) {
	path, dir := script(t, `sleep 600 & echo $! >$D/child`)
	h, _ := newHook(t, 0, path)
	h.Publish(available())
	wait.Until(t, "the hook has run", func() bool { return strings.Contains(h.Parts()[0].Value, "last ran") })
	pid, err := strconv.Atoi(strings.TrimSpace(read(dir + "/child")))
	if err != nil {
		t.Fatal(err)
	}
	if !alive(pid) || h.Parts()[0].Problem != "" {
		t.Errorf("alive %v, %+v", alive(pid), h.Parts()[0])
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// closeNow closes a hub whose outlet hangs, and gives it no time: Close returns
// all the same.
func closeNow(t *testing.T, h *Hub) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	h.Close(ctx)
	if took := time.Since(began); took > 2*stopGrace { // twice: on a busy computer
		t.Errorf("Close took %s", took)
	}
}

// TestCloseKillsAHook has a hook that ignores SIGTERM and would run for an hour.
func TestCloseKillsAHook(t *testing.T) {
	path, dir := script(t, `trap '' TERM; sleep 600 & echo $! >$D/child; echo $$ >$D/self.new; mv $D/self.new $D/self; wait; sleep 600`)
	h, out := newHook(t, time.Hour, path)
	h.Publish(available())
	wait.Until(t, "it runs", func() bool { return read(dir+"/self") != "" })
	h.Publish(inCall())
	closeNow(t, h)
	for _, name := range []string{"self", "child"} {
		pid, err := strconv.Atoi(strings.TrimSpace(read(dir + "/" + name)))
		if err != nil {
			t.Fatal(err)
		}
		// A killed process ends when it is scheduled next.
		wait.Until(t, name+" has ended", func() bool { return !alive(pid) })
	}
	if strings.Contains(out.String(), "deadline") {
		t.Errorf("log: %s", out)
	}
}

func TestLastLine(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "\n\n": "", "a": "a", "a\nb\n": "b", "a\r\nb\r\n\r\n": "b", "a\n\x1b[31mred\x00\xff\n": "[31mred",
		strings.Repeat("x", 999): strings.Repeat("x", lastLineMax),
	} {
		l := &lastLine{}
		for i := range len(in) {
			if _, err := l.Write([]byte(in[i : i+1])); err != nil {
				t.Fatal(err)
			}
		}
		if l.String() != want {
			t.Errorf("%q gives %q", in, l)
		}
	}
}
