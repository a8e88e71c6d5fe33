package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"heliograph/build/wait"
)

// TestThousandsOfConnections: a program that connects ten thousand times, and
// keeps what it gets, takes no memory and no goroutines that count, and the
// instance answers as soon as there is a place.
func TestThousandsOfConnections(t *testing.T) {
	_, dir := newServer(t, echo)
	goroutines := runtime.NumGoroutine()
	var kept []net.Conn
	defer func() {
		for _, c := range kept {
			c.Close()
		}
	}()
	connections := 10_000
	if runtime.GOOS == "windows" {
		connections = 1_000 // each takes a port there
	}
	var refused int
	for range connections {
		conn, _, err := dial(t.Context(), dir)
		if err != nil {
			if errors.Is(err, ErrNoAnswer) { // more wait than the system queues
				refused++
				continue
			}
			t.Fatal(err)
		}
		if len(kept) < 4*maxClients {
			kept = append(kept, conn) // and says nothing
			continue
		}
		conn.Close()
	}
	if now := runtime.NumGoroutine(); now > goroutines+2*maxClients+2 {
		t.Errorf("%d goroutines, %d before", now, goroutines)
	}
	t.Logf("%d of %d were refused by the system", refused, connections)
	// Those that say nothing lose their places after lineTimeout.
	wait.Until(t, "it answers again", func() bool { return Call(t.Context(), dir, "echo", nil, nil) == nil })
	wait.Until(t, "the goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
}

// TestHostileClients: what a client sends slowly, without an end, or too much of
// ends with its deadline or its limit, and others are answered meanwhile.
func TestHostileClients(t *testing.T) {
	_, dir := newServer(t, echo)
	for name, send := range map[string]func(conn net.Conn){
		"one byte at a time": func(conn net.Conn) {
			for tick := time.NewTicker(100 * time.Millisecond); ; <-tick.C {
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
			}
		},
		"a line without an end": func(conn net.Conn) { _, _ = io.Copy(conn, endless{}) },
		"deep nesting":          func(conn net.Conn) { _, _ = io.WriteString(conn, strings.Repeat("[", 1<<19)+"\n") },
		"not JSON":              func(conn net.Conn) { _, _ = io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n") },
		"nothing":               func(net.Conn) {},
		"half a request":        func(conn net.Conn) { _, _ = io.WriteString(conn, `{"version":1,"verb":"`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, _, err := dial(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			var sending sync.WaitGroup
			sending.Go(func() { send(conn) })
			if err := Call(t.Context(), dir, "echo", nil, nil); err != nil {
				t.Errorf("another client: %v", err)
			}
			began := time.Now()
			if err := conn.SetReadDeadline(began.Add(2 * lineTimeout)); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(io.LimitReader(conn, 1<<20))
			if errors.Is(err, context.DeadlineExceeded) || time.Since(began) > lineTimeout+2*time.Second {
				t.Errorf("the connection is kept for %v: %v", time.Since(began), err)
			}
			if len(answer) > 0 && !bytes.Contains(answer, []byte(`"ok":false`)) {
				t.Errorf("it is answered with %.100s", answer)
			}
			conn.Close()
			sending.Wait()
		})
	}
}

// endless never ends a line.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}
