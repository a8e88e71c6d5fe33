package emu

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// serving serves an emulator as `heliograph emulate` does.
func serving(t *testing.T, s *Server) (address string) {
	t.Helper()
	ln, err := Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// TestForeignNames: a web page whose own name leads to this computer (DNS
// rebinding) reaches neither the control interface nor anything else.
func TestForeignNames(t *testing.T) {
	s := New(Options{})
	address := serving(t, s)
	_, port, _ := net.SplitHostPort(address)
	for host, want := range map[string]int{
		address: 200, "localhost:" + port: 200, "LOCALHOST:" + port: 200, "[::1]:" + port: 200, "127.0.0.2": 200, "graph.heliograph.test": 200,
		"attacker.example:" + port: 421, "attacker.example": 421, "localhost.attacker.example:" + port: 421, "127.0.0.1.attacker.example": 421,
		"192.0.2.1:" + port: 421, "localhost.:" + port: 421, "::1.example": 421,
	} {
		for _, path := range []string{"/_emulator/state", "/", "/_board/events", "/_emulator/reset"} {
			method, ok := "GET", want
			if path == "/_emulator/reset" {
				method = "POST"
			}
			if path == "/_board/events" {
				method = "HEAD"
			}
			req, err := http.NewRequest(method, "http://"+address+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = host
			if strings.HasPrefix(host, "attacker") {
				req.Header.Set("Origin", "http://"+host)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != ok || ok != 200 && strings.Contains(string(text), "Ada") {
				t.Errorf("%s %s as %s: %d %.60s", method, path, host, resp.StatusCode, text)
			}
		}
	}
}

// TestEventsAreNotSplit: a name with line ends of any kind stays within its
// event.
func TestEventsAreNotSplit(t *testing.T) {
	s := New(Options{})
	if err := s.SetSession(SessionRequest{Name: "Teams\r\revent: forged\rdata: x\r\n\r\nevent: forged\ndata: y", Availability: "Busy"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+serving(t, s)+"/_board/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	seen := false
	for lines.Scan() {
		l := lines.Text()
		if strings.Contains(l, "\r") || strings.HasPrefix(l, "event: forged") || l != "" && l != "data:" && !strings.HasPrefix(l, "data: ") && !strings.HasPrefix(l, "event: ") {
			t.Errorf("a line of the stream is %q", l)
		}
		seen = seen || strings.Contains(l, "Teams")
		if seen && l == "event: requests" {
			break
		}
	}
	if !seen {
		t.Errorf("the name was not seen: %v", lines.Err())
	}
}
