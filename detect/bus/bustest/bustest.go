// Package bustest starts a D-Bus daemon for a test, with services that the test
// implements. Only tests import it.
package bustest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// startTimeout is how long the daemon may take to start on a busy computer.
const startTimeout = 10 * time.Second

// Daemon is a bus that runs until the test ends.
type Daemon struct {
	Process *os.Process
	Stop    func() // ends it earlier

	address string
}

// Start starts a bus that ends with the test, and makes it the one that variable
// names (DBUS_SESSION_BUS_ADDRESS or DBUS_SYSTEM_BUS_ADDRESS).
func Start(t *testing.T, variable string) *Daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "bus") // t.TempDir can be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &Daemon{address: "unix:path=" + filepath.Join(dir, "bus")}
	t.Setenv(variable, d.start(t))
	return d
}

// Again starts the bus once more, at the same address, after Stop.
func (d *Daemon) Again(t *testing.T) {
	t.Helper()
	d.start(t)
}

// start starts the daemon and returns the address that it prints.
func (d *Daemon) start(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("dbus-daemon")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("dbus-daemon is not installed: build/install-deps base")
		}
		t.Skip("dbus-daemon is not installed: build/install-deps base")
	}
	daemon := exec.Command(path, "--session", "--nofork", "--nopidfile", "--print-address=1", "--address="+d.address)
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	d.Process = daemon.Process
	d.Stop = sync.OnceFunc(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	t.Cleanup(d.Stop)
	addresses := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		addresses <- strings.TrimSpace(line)
	}()
	select {
	case address := <-addresses:
		return address
	case <-time.After(startTimeout):
		t.Fatal("dbus-daemon does not start")
		return ""
	}
}

// Connect connects a service of the test to the bus that variable names, under
// a name.
func Connect(t *testing.T, variable, name string) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("%s: %v, %v", name, reply, err)
	}
	return conn
}
