package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"heliograph/graph"
	"heliograph/tray/control"
)

// offline is a network that reaches nobody.
type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("there is no network")
}

// TestEndedByTheDesktop: on macOS the desktop ends the program while Run waits
// inside AppKit. What runs has ended when end returns, whoever calls it and
// however often.
func TestEndedByTheDesktop(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	for _, v := range []string{"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(v, t.TempDir())
	}
	dir, err := os.MkdirTemp("", "end") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	log := slog.New(slog.DiscardHandler)
	server, err := control.Listen(dir, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, quit := context.WithCancel(t.Context())
	in := newInstance(ctx, quit, Options{Settings: openTestSettings(t, ""), Log: log, Vault: &graph.MemoryVault{}, Dir: dir, Transport: offline{}, OpenURL: func(string) error { return nil }})
	in.server = server
	in.start(ctx)
	began := time.Now()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			in.end()
			select {
			case <-in.loopEnded:
			default:
				t.Error("presence is not given back yet")
			}
			if second, err := control.Listen(dir, log); err == nil {
				second.Close()
			} else if !errors.Is(err, control.ErrRunning) { // the other goroutine's
				t.Error(err)
			}
		})
	}
	both.Wait()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if ctx.Err() == nil {
		t.Error("what waits for the end goes on")
	}
	last, err := control.Listen(dir, log)
	if err != nil {
		t.Fatalf("the socket is not free: %v", err)
	}
	last.Close()
}
