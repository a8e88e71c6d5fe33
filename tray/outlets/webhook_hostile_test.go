package outlets

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"heliograph/build/wait"
)

// hostileReceivers are what a webhook's server may do with a request, once it has
// read it.
var hostileReceivers = map[string]func(conn net.Conn){
	"a body without an end": func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 500 Internal Server Error\r\n\r\n")
		_, _ = io.Copy(conn, endlessZeros{})
	},
	"headers without an end": func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(conn, "X-Filler: "+strings.Repeat("x", 4000)+"\r\n"); err != nil {
				return
			}
		}
	},
	"one byte a second": func(conn net.Conn) {
		for _, c := range "HTTP/1.1 200 OK\r\n\r\n" {
			if _, err := conn.Write([]byte(string(c))); err != nil {
				return
			}
			<-time.After(time.Second)
		}
	},
	"a redirect elsewhere": func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 307 Moved\r\nLocation: http://192.0.2.1/\r\n\r\n")
	},
	"a pause of a century": func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 429 Slow down\r\nRetry-After: 3155760000\r\n\r\n")
	},
	"a negative pause": func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 503 Slow down\r\nRetry-After: -1\r\n\r\n") },
	"garbage":          func(conn net.Conn) { _, _ = io.WriteString(conn, "\x1b[31mSMTP\x00\r\n\r\n") },
	"its end":          func(net.Conn) {},
	"a hundred early answers": func(conn net.Conn) {
		_, _ = io.WriteString(conn, strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100))
	},
	"a bomb": func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\n\r\n\x1f\x8b\x08")
		_, _ = io.Copy(conn, endlessZeros{})
	},
}

// TestHostileWebhook: whatever its server answers, the failure is reported within
// the deadline of a request, little memory is used, it is not asked like a storm,
// and closing takes no longer than it may.
func TestHostileWebhook(t *testing.T) {
	for name, answer := range hostileReceivers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, served := hostileServer(t, answer)
			h, out := newHub(t, Options{Webhook: Webhook{URL: url}})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			h.Publish(available())
			wait.Until(t, "the failure is reported", func() bool { return h.Parts()[0].Problem != "" })
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 { // all at once
				t.Errorf("%d MiB are allocated", grown>>20)
			}
			if n := served(); n > 3 {
				t.Errorf("it is asked %d times at once", n)
			}
			if text := h.Parts()[0].Problem; strings.ContainsAny(text+out.String(), "\x1b\x00") {
				t.Errorf("the terminal gets %q", text)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 750*time.Millisecond)
			defer cancel()
			began := time.Now()
			h.Close(ctx)
			if took := time.Since(began); took > 750*time.Millisecond+stopGrace+500*time.Millisecond {
				t.Errorf("closing took %v", took)
			}
		})
	}
}

// hostileServer answers each request with answer, until the test ends.
func hostileServer(t *testing.T, answer func(conn net.Conn)) (url string, served func() int) {
	t.Helper()
	return hostileAt(t, "http", func(in *bufio.Reader) error {
		r, err := http.ReadRequest(in)
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		return err
	}, answer)
}
