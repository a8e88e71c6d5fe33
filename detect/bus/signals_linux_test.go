package bus_test

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"heliograph/detect/bus"
	"heliograph/detect/bus/bustest"
)

// TestEndedConnection: reading the signals of a connection that ended before
// they were asked for ends too.
func TestEndedConnection(t *testing.T) {
	bustest.Start(t, "DBUS_SESSION_BUS_ADDRESS")
	conn, err := bus.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	signals := bus.Signals(conn)
	done := make(chan struct{})
	go func() {
		defer close(done)
		bus.EachSignal(conn, signals, func(*dbus.Signal) {})
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the reader goes on for ever")
	}
}
