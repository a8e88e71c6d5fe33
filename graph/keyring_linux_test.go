package graph

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/build/wait"
	"heliograph/detect/bus/bustest"
	"heliograph/graph/presence"
)

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// privateBus starts a session bus without any service.
func privateBus(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		t.Skip("no dbus-daemon: apt-get install dbus-daemon")
	}
	dir, err := os.MkdirTemp("", "bus") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address := bufio.NewScanner(out)
	if !address.Scan() {
		t.Fatal("dbus-daemon prints no address")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address.Text())
}

// secretService takes the name of the Secret Service on the bus.
func secretService(t *testing.T, o ...dbus.ConnOption) *dbus.Conn {
	t.Helper()
	conn, err := dbus.ConnectSessionBus(o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if r, err := conn.RequestName(secretsName, 0); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("%v, %v", r, err)
	}
	return conn
}

// mute is a service that receives calls and never answers one.
type mute struct{ end chan struct{} }

func (m mute) LookupObject(dbus.ObjectPath) (dbus.ServerObject, bool) {
	<-m.end
	return nil, false
}

// restored opens an account on the keyring and restores it.
func restored(t *testing.T) error {
	t.Helper()
	a, err := Open(Config{ClientID: "22553876-f5ab-4529-bffb-cfe50aa89f87"}, KeyringVault{Ask: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Restore(t.Context())
	return err
}

// TestRestoreFromASilentKeyring: the Secret Service accepts calls and does not
// answer. That says nothing about who is signed in.
func TestRestoreFromASilentKeyring(t *testing.T) {
	privateBus(t)
	m := mute{make(chan struct{})}
	defer close(m.end)
	secretService(t, dbus.WithHandler(m))
	began := time.Now()
	err := restored(t)
	if !errors.Is(err, ErrVaultTimeout) || errors.Is(err, presence.ErrSignIn) || Explain(err).Key != "silent" {
		t.Errorf("got %v, explained as %s", err, Explain(err).Key)
	}
	if took := time.Since(began); took > keyringTimeout+2*time.Second {
		t.Errorf("it took %v", took)
	}
}

// collection is a locked collection of a service without a way to ask.
type collection struct{}

func (collection) Get(iface, name string) (dbus.Variant, *dbus.Error) {
	if name == "Locked" {
		return dbus.MakeVariant(true), nil
	}
	return dbus.MakeVariant([]dbus.ObjectPath{}), nil
}

func TestRestoreFromALockedKeyring(t *testing.T) {
	privateBus(t)
	conn := secretService(t)
	for _, path := range []dbus.ObjectPath{secretsPath, secretsPath + "/aliases/default"} {
		if err := conn.Export(collection{}, path, "org.freedesktop.DBus.Properties"); err != nil {
			t.Fatal(err)
		}
	}
	// Unlock is not exported, so that asking for the password fails.
	if err := restored(t); !errors.Is(err, ErrVaultLocked) || errors.Is(err, presence.ErrSignIn) {
		t.Errorf("with a prompt: %v", err)
	}
	if _, err := (KeyringVault{Ask: true}).Silent().Get(t.Context(), "x"); !errors.Is(err, ErrVaultLocked) {
		t.Errorf("silently: %v", err)
	}
}

func TestRestoreWithoutAKeyring(t *testing.T) {
	privateBus(t)
	if err := restored(t); !errors.Is(err, ErrVaultAbsent) || errors.Is(err, presence.ErrSignIn) {
		t.Errorf("no service on the bus: %v", err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if err := restored(t); !errors.Is(err, ErrVaultAbsent) || errors.Is(err, presence.ErrSignIn) {
		t.Errorf("no bus: %v", err)
	}
}

// unlocked is a keyring that is open.
type unlocked struct{}

func (unlocked) Get(iface, name string) (dbus.Variant, *dbus.Error) {
	if name == "Locked" {
		return dbus.MakeVariant(false), nil
	}
	return dbus.MakeVariant([]dbus.ObjectPath{}), nil
}

// TestKeyringOnABusThatIsBack: a keyring is reported also on a session bus that has
// ended meanwhile and is back.
func TestKeyringOnABusThatIsBack(t *testing.T) {
	daemon := bustest.Start(t, "DBUS_SESSION_BUS_ADDRESS")
	ready := WatchKeyring(t.Context())
	for n := range 3 {
		daemon.Stop()
		daemon.Again(t)
		conn, err := dbus.ConnectSessionBus()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		for _, path := range []dbus.ObjectPath{secretsPath, secretsPath + "/aliases/default"} {
			if err := conn.Export(unlocked{}, path, "org.freedesktop.DBus.Properties"); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := conn.RequestName(secretsName, 0); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
			t.Fatalf("%v, %v", r, err)
		}
		select {
		case <-ready:
		case <-time.After(wait.Patience):
			t.Fatalf("bus %d: the keyring is not reported", n)
		}
	}
}
