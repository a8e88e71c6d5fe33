package outlets

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"github.com/eclipse/paho.golang/packets"

	"heliograph/build/wait"

	"heliograph/tray/control"
)

// hostileBroker answers each connection with answer, until the test ends.
func hostileBroker(t *testing.T, answer func(conn net.Conn)) (url string, served func() int) {
	t.Helper()
	return hostileAt(t, "mqtt", func(in *bufio.Reader) error { _, err := packets.ReadPacket(in); return err }, answer)
}

// hostileAt reads a first request of each connection, then leaves the rest to
// answer. It returns the address and how many requests there were.
func hostileAt(t *testing.T, scheme string, read func(*bufio.Reader) error, answer func(net.Conn)) (url string, served func() int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	var n atomic.Int64
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if read(bufio.NewReader(conn)) != nil {
					return
				}
				n.Add(1)
				answer(conn)
			}()
		}
	}()
	return scheme + "://" + ln.Addr().String(), func() int { return int(n.Load()) }
}

// accept is the answer of a broker that accepts a connection.
var accept = []byte{0x20, 3, 0, 0, 0}

// hostileAnswers are what a broker may send in place of MQTT.
var hostileAnswers = map[string]func(conn net.Conn){
	"a huge CONNACK": func(conn net.Conn) {
		_, _ = conn.Write([]byte{0x20, 0xff, 0xff, 0xff, 0x7f}) // 256 MiB
		_, _ = io.Copy(conn, endlessZeros{})
	},
	"a length without an end": func(conn net.Conn) { _, _ = conn.Write([]byte{0x20, 0xff, 0xff, 0xff, 0xff, 0xff}) },
	"a huge message": func(conn net.Conn) {
		_, _ = conn.Write(append(bytes.Clone(accept), 0x32, 0xff, 0xff, 0xff, 0x7f))
		_, _ = io.Copy(conn, endlessZeros{})
	},
	"garbage":              func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") },
	"garbage that goes on": func(conn net.Conn) { _, _ = io.Copy(conn, endlessZeros{}) },
	"garbage after the answer": func(conn net.Conn) {
		_, _ = conn.Write(append(bytes.Clone(accept), 0x00, 0x00, 0x13, 0x37))
		_, _ = io.Copy(io.Discard, conn)
	},
	"nothing":                  func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
	"nothing after the answer": func(conn net.Conn) { _, _ = conn.Write(accept); _, _ = io.Copy(io.Discard, conn) },
	"its end":                  func(net.Conn) {},
	"control characters as its reason": func(conn net.Conn) {
		reason := "\x1b[31mred"
		body := []byte{0, 0x87, byte(len(reason) + 3), 0x1f, 0, byte(len(reason))}
		body = append(body, reason...)
		_, _ = conn.Write(append([]byte{0x20, byte(len(body))}, body...))
	},
}

// endlessZeros never ends.
type endlessZeros struct{}

func (endlessZeros) Read(b []byte) (int, error) { return len(b), nil }

// TestHostileBroker: whatever a broker answers, little memory is used, and
// closing takes no longer than it may.
func TestHostileBroker(t *testing.T) {
	for name, answer := range hostileAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, served := hostileBroker(t, answer)
			h, out := newMQTTHub(t, MQTT{Broker: url, Name: "desk", Command: func(string) { t.Error("a command was carried out") }, Statuses: []string{"busy"}})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			h.Publish(available())
			wait.Until(t, "the broker is asked", func() bool { return served() > 0 })
			if name != "nothing" && name != "nothing after the answer" {
				wait.Until(t, "the failure is reported", func() bool { return h.Parts()[0].Problem != "" })
			}
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 { // ten brokers at once
				t.Errorf("%d MiB are allocated", grown>>20)
			}
			if text := h.Parts()[0].Problem; strings.Contains(text, "\x1b") || strings.Contains(out.String(), "\x1b") {
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

// TestCommandsThatFlood: of thousands of commands in 25 seconds a few are carried
// out, the last one among them; the log has a line for each of those.
func TestCommandsThatFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var done []string
		m := newMQTT(MQTT{Broker: "mqtt://localhost", Name: "desk", Statuses: []string{"busy", "dnd", "away"}, Command: func(s string) { done = append(done, s) }},
			slog.New(slog.NewTextHandler(&out, nil)))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); m.carryOut(ctx) }()
		send := func(status string) {
			_, _ = m.received(paho.PublishReceived{Packet: &paho.Publish{Topic: m.topic("set"), Payload: []byte(status)}})
		}
		for i := range 5000 {
			send([]string{"busy", "dnd"}[i%2])
			<-time.After(5 * time.Millisecond)
		}
		send("away")
		<-time.After(2 * commandPause)
		stop()
		<-ended
		if n := len(done); n < 10 || n > 25/2+commandBurst+2 || done[n-1] != "away" {
			t.Errorf("%d commands are carried out, the last one is %s", n, done[n-1])
		}
		if lines := strings.Count(out.String(), "\n"); lines != len(done) {
			t.Errorf("the log has %d lines", lines)
		}
	})
}

// TestChangesDoNotSkipAPause: while a broker fails, a change of the state leads to
// a try every few seconds at most.
func TestChangesDoNotSkipAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		states := make(chan control.State)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for tries := 0; ; tries++ {
				if _, ok := pauseFor(t.Context(), time.Minute, control.State{}, states); !ok {
					if tries < 10 || tries > 13 {
						t.Errorf("%d tries in a minute of changes", tries)
					}
					return
				}
			}
		}()
		for range 60 * 50 {
			states <- control.State{}
			<-time.After(20 * time.Millisecond)
		}
		close(states)
		<-done
	})
}

// FuzzPackets: whatever comes in whatever pieces, no packet above the limit gets
// through, and the bytes that do are unchanged.
func FuzzPackets(f *testing.F) {
	f.Add(accept, uint8(1))
	f.Add([]byte{0x20, 0xff, 0xff, 0xff, 0x7f}, uint8(2))
	f.Add([]byte{0x30, 0x81, 0x20, 1, 2, 3}, uint8(3))
	f.Fuzz(func(t *testing.T, raw []byte, piece uint8) {
		near, far := net.Pipe()
		defer near.Close()
		go func() {
			defer far.Close()
			for rest := raw; len(rest) > 0; {
				n := min(len(rest), int(piece)+1)
				if _, err := far.Write(rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
			}
		}()
		c := &packetConn{Conn: near}
		got, err := io.ReadAll(c)
		if !bytes.HasPrefix(raw, got) || (err == nil && len(got) != len(raw)) {
			t.Errorf("%d bytes of %d, %v", len(got), len(raw), err)
		}
		if c.left > maxPacket {
			t.Errorf("a packet of %d bytes is let through", c.left)
		}
	})
}
