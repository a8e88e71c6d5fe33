package bus_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"heliograph/detect/bus"
	"heliograph/detect/bus/bustest"
)

// TestBusComesBack: a bus that has ended is opened again when it is back, and
// nothing of the ones before is left.
func TestBusComesBack(t *testing.T) {
	daemon := bustest.Start(t, "DBUS_SESSION_BUS_ADDRESS")
	r := bus.NewReopener()
	defer r.Close()
	handles := 0
	for n := range 30 {
		conn, err := r.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 5 {
			handles = openHandles(t)
		}
		daemon.Stop()
		<-conn.Context().Done()
		r.Failed(errors.New("it has ended"))
		daemon.Again(t)
		for up := false; !up; {
			select {
			case <-r.C():
			case <-time.After(10 * time.Second):
				t.Fatal("it is not tried")
			}
			conn, err := r.Open(t.Context())
			if up = err == nil; up {
				conn.Close()
				continue
			}
			r.Failed(err)
		}
	}
	if now := openHandles(t); now > handles+3 {
		t.Errorf("%d handles are open, %d before", now, handles)
	}
}

// TestBusComesLate: no bus, and not even an address, until its socket appears.
func TestBusComesLate(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", dir)
	r := bus.NewReopener()
	defer r.Close()
	_, err := r.Open(t.Context())
	r.Failed(err)
	if err := os.WriteFile(filepath.Join(dir, "bus"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.C():
	case <-time.After(10 * time.Second):
		t.Fatal("the socket is not noticed")
	}
}

func openHandles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
