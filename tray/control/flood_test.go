package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
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
// ends with its deadline or its limit, is carried out by nobody, and others are
// answered meanwhile.
func TestHostileClients(t *testing.T) {
	var carriedOut atomic.Int32
	_, dir := newServer(t, func(ctx context.Context, r Request, reply func(any) error) error {
		if r.Verb != "echo" {
			carriedOut.Add(1)
		}
		return echo(ctx, r, reply)
	})
	t.Cleanup(func() {
		if n := carriedOut.Load(); n > 0 {
			t.Errorf("%d hostile requests were carried out", n)
		}
	})
	text := func(s string) func(io.Writer) {
		return func(conn io.Writer) { _, _ = io.WriteString(conn, s) }
	}
	for name, client := range map[string]struct {
		send func(conn io.Writer)
		want string // the reason in the answer; empty: the client may be cut off without one
	}{
		"one byte at a time": {func(conn io.Writer) {
			for tick := time.NewTicker(100 * time.Millisecond); ; <-tick.C {
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
			}
		}, "broke off"},
		"a line without an end": {func(conn io.Writer) { _, _ = io.Copy(conn, endless{}) }, ""},
		"deep nesting":          {text(strings.Repeat("[", 1<<19) + "\n"), "cannot be read"},
		"not JSON":              {text("GET / HTTP/1.1\r\n\r\n"), "cannot be read"},
		"nothing":               {text(""), "broke off"},
		"half a request":        {text(`{"version":1,"verb":"`), "broke off"},
		"no version":            {text(`{"verb":"quit"}` + "\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, _, err := dial(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			sent := &counter{to: conn}
			var sending sync.WaitGroup
			sending.Go(func() { client.send(sent) })
			if err := Call(t.Context(), dir, "echo", nil, nil); err != nil {
				t.Errorf("another client: %v", err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(2 * lineTimeout)); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(io.LimitReader(conn, 1<<20))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the connection is kept: %v", err)
			}
			if bytes.Contains(answer, []byte(`"ok":true`)) || !bytes.Contains(answer, []byte(client.want)) {
				t.Errorf("it is answered with %.200q, want %q", answer, client.want)
			}
			conn.Close()
			sending.Wait()
			if n := sent.n; n > maxLine+maxBuffered {
				t.Errorf("%d bytes of one line were taken", n)
			}
		})
	}
}

// maxBuffered bounds what the system takes for a reader that reads no more.
const maxBuffered = 4 << 20

// counter counts what could be sent.
type counter struct {
	to io.Writer
	n  int
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += n
	return n, err
}

// endless never ends a line.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}
