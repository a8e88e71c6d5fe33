//go:build unix

package e2e

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// TestLogoutLeavesNothingInTheKeyring counts the items, and so has its own desktop.
func TestLogoutLeavesNothingInTheKeyring(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-n", "wm,panel,audio")
	p := newPerson(t, "1h")
	p.Login()
	if !keyringHolds(t) {
		t.Fatal("the sign-in is not in the keyring")
	}
	if code := p.Command("logout").Wait(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if keyringHolds(t) {
		t.Error("items are left in the keyring")
	}
}

func keyringHolds(t *testing.T) bool {
	t.Helper()
	out, err := exec.Command("secret-tool", "search", "--all", "service", "heliograph").CombinedOutput()
	if err != nil && len(out) > 0 {
		t.Fatalf("secret-tool: %v: %s", err, out)
	}
	return strings.Contains(string(out), "heliograph")
}

// TestKeyringWords locks the keyring and ends it, and so has its own desktop.
func TestKeyringWords(t *testing.T) {
	lab.Surroundings(t, "../desktop", "-n", "wm,panel,audio")
	lock := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login")
	if out, err := lock.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := newPerson(t, "1h")
	app := p.Command("run")
	wait.Until(t, "the log calls a locked keyring locked", func() bool { return strings.Contains(logOf(p), "the keyring is locked") })
	app.Stop()
	killPart(t, "KEYRING")
	p.Command("run")
	wait.Until(t, "the log calls a missing keyring missing", func() bool { return strings.Contains(logOf(p), "there is no keyring service") })
}

// killPart ends a part of the desktop, by its name in build/desktop.
func killPart(t *testing.T, name string) {
	t.Helper()
	if err := syscall.Kill(partPID(t, name), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// partPID returns the process id of a part of the desktop.
func partPID(t *testing.T, name string) int {
	t.Helper()
	pid, err := strconv.Atoi(os.Getenv("DESK_PID_" + name))
	if err != nil {
		t.Fatalf("the desktop has no %s: %v", name, err)
	}
	return pid
}
