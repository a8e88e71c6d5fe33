package bus

import "github.com/godbus/dbus/v5"

// signalsAhead is how many signals may wait while one is handled; godbus itself
// queues what comes beyond.
const signalsAhead = 16

// Signals makes a connection deliver its signals to a channel, from now on.
func Signals(conn *dbus.Conn) <-chan *dbus.Signal {
	signals := make(chan *dbus.Signal, signalsAhead)
	conn.Signal(signals)
	return signals
}

// EachSignal handles each signal and returns when the connection has ended. godbus
// closes the channels of a connection that ends, but not a channel that was
// registered after the end: so the connection is watched too.
func EachSignal(conn *dbus.Conn, signals <-chan *dbus.Signal, handle func(*dbus.Signal)) {
	for {
		select {
		case s, ok := <-signals:
			if !ok {
				return
			}
			handle(s)
		case <-conn.Context().Done():
			return
		}
	}
}
