package outlets

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"heliograph/tray/control"
)

// TestWebhookThatSwitchesProtocols: the body of such an answer is the connection
// itself, and no deadline of the request ends its silence.
func TestWebhookThatSwitchesProtocols(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				if r, err := http.ReadRequest(in); err == nil {
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
					_, _ = io.Copy(io.Discard, in) // until the client closes
				}
			}()
		}
	}()
	w := newWebhook(Webhook{URL: "http://" + ln.Addr().String() + "/"})
	sent := make(chan error, 1)
	go func() { sent <- w.send(t.Context(), control.State{}) }()
	select {
	case err := <-sent:
		if err == nil {
			t.Error("taken for success")
		}
	case <-time.After(2 * webhookTimeout):
		t.Error("the webhook hangs")
	}
}
