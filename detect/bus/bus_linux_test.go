package bus

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"
)

func TestNoBus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if _, err := Session(t.Context()); !errors.Is(err, ErrNoSession) {
		t.Errorf("without a bus: %v", err)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	if HaveSession() {
		t.Error("a session bus is reported where no address is set")
	}
}

// TestSilentBus opens a bus that accepts connections and never answers.
func TestSilentBus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	began := time.Now()
	if _, err := Session(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silent bus: %v, want a deadline", err)
	}
	if took := time.Since(began); took > 2*openTimeout {
		t.Errorf("opening took %v", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Session(ctx); err == nil {
		t.Error("a connection was opened after its context had ended")
	}
}
