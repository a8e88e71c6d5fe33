package pulse

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// listen serves connections at a socket until the test ends, each by a server
// like s.
func listen(t *testing.T, s server) (path string, last func() *server) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "native")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan *server, 100)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			one := s
			one.conn = conn
			one.serve()
			served <- &one
		}
	}()
	t.Cleanup(func() { l.Close() })
	return path, func() *server { return <-served }
}

// endless writes one piece again and again, as long as it is taken.
func endless(s *server, piece []byte) {
	for {
		if _, err := s.conn.Write(piece); err != nil {
			return
		}
	}
}

// hostility is something that a server sends in place of a reply.
type hostility struct {
	name   string
	handle func(s *server, command, tag uint32)
	want   string // of the error; empty: none
}

// hostilities returns what is sent to TestHostileServer.
func hostilities() []hostility {
	property := (&message{}).text("application.name").u32(5).b
	property = append(property, "x\x00\x00\x00\x05Zoom\x00"...)
	chunk := bytes.Repeat([]byte("x"), 1<<16)
	entry := func(name string) []byte { return clientBody(version, name) }
	title := strings.Repeat("x", 1<<20)
	titled := clientBody(version, title, textProperty("media.name", title))
	return []hostility{
		{"a frame of 4 GiB", func(s *server, _, tag uint32) { s.write(header(1<<32-1, commandChannel, 0)); endless(s, chunk) }, "4294967295 bytes"},
		{"sound of 4 GiB", func(s *server, _, tag uint32) { s.write(header(1<<32-1, 5, 0)); endless(s, chunk) }, "4294967295 bytes"},
		{"a text of 4 GiB", func(s *server, _, tag uint32) { s.write(replyHeader(tag, 1<<32-11)); endless(s, chunk) }, "4294967295 bytes"},
		{"an endless text", func(s *server, _, tag uint32) {
			s.write(replyHeader(tag, maxFrame-10), appendUint32(nil, 1), []byte("t"))
			endless(s, chunk)
		}, "name: its text does not end within the frame"},
		{"a value of 4 GiB", func(s *server, _, tag uint32) {
			b := append((&message{}).u32(1).null().u32(1).null().b, "Ptapplication.name\x00L\xff\xff\xff\xffx\xff\xff\xff\xff"...)
			s.write(replyHeader(tag, maxFrame-10), b)
			endless(s, chunk)
		}, "properties: it is longer than the rest of the frame"},
		{"an endless property list", func(s *server, _, tag uint32) {
			s.write(replyHeader(tag, maxFrame-10), (&message{}).u32(1).null().u32(1).null().b, []byte("P"))
			endless(s, bytes.Repeat(property, 1000))
		}, "more text than this program keeps"},
		{"an endless list", func(s *server, _, tag uint32) {
			s.write(replyHeader(tag, maxFrame-10))
			endless(s, bytes.Repeat(entry("x"), 1000))
		}, "the list is longer than this program reads"},
		{"ports without end", func(s *server, _, tag uint32) {
			b := sourceBody(version, "x")
			at := bytes.Index(b, []byte("L\x00\x00\x00\x02tmic"))
			copy(b[at+1:], "\xff\xff\xff\xff")
			s.reply(tag, b)
		}, ": "},
		{"a wrong tag", func(s *server, _, tag uint32) { s.reply(tag, bytes.Replace(entry("x"), []byte("P"), []byte("f"), 1)) }, "properties: its tag is 0x66, not 'P'"},
		{"an empty command", func(s *server, _, tag uint32) { s.write(header(0, commandChannel, 0)) }, "command: it is longer"},
		{"a short command", func(s *server, _, tag uint32) { s.write(frame(commandReply, tag, nil)[:27]); s.conn.Close() }, errGone.Error()},
		{"its end within a reply", func(s *server, _, tag uint32) { s.write(replyHeader(tag, 100), entry("x")[:8]); s.conn.Close() }, errGone.Error()},
		{"its end", func(s *server, _, tag uint32) { s.conn.Close() }, errGone.Error()},
		{"a huge reply that nobody waits for", func(s *server, command, tag uint32) {
			s.write(replyHeader(tag+1, maxFrame-10))
			for left := maxFrame - 10; left > 0; left -= len(chunk) {
				s.write(chunk[:min(left, len(chunk))])
			}
			s.reply(tag, nil)
		}, ""},
		{"a title of a megabyte", func(s *server, command, tag uint32) { s.write(replyHeader(tag, uint32(len(titled))), titled) }, ""},
	}
}

// Whatever a server does, there is one error at most, little memory is used,
// and Close returns.
func TestHostileServer(t *testing.T) {
	for _, c := range hostilities() {
		t.Run(c.name, c.run)
	}
}

func (c hostility) run(t *testing.T) {
	path, served := listen(t, server{handle: c.handle})
	client, err := Dial(t.Context(), path, wanted...)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() error { _, err := client.Clients(t.Context()); return err }
	if c.name == "ports without end" {
		ask = func() error { _, err := client.Sources(t.Context()); return err }
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = ask()
	runtime.ReadMemStats(&after)
	const most = 8 * maxKept // a text of four bytes may take sixteen
	if grown := after.TotalAlloc - before.TotalAlloc; grown > most {
		t.Errorf("%d bytes are allocated", grown)
	} else {
		t.Logf("%d KiB are allocated", grown>>10)
	}
	if c.want == "" {
		if err != nil || client.Err() != nil {
			t.Errorf("%v, %v", err, client.Err())
		}
	} else {
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
		<-client.Done()
		if again := ask(); again == nil || again.Error() != client.Err().Error() {
			t.Errorf("afterwards: %v, and the connection's error is %v", again, client.Err())
		}
	}
	client.Close()
	served() // it ends with the connection
}

// The cookie is the one that PULSE_COOKIE names, and zero if that is not a
// regular file of enough bytes.
func TestCookie(t *testing.T) {
	path, served := listen(t, server{})
	dir := t.TempDir()
	good, short, fifo := filepath.Join(dir, "good"), filepath.Join(dir, "short"), filepath.Join(dir, "fifo")
	secret := bytes.Repeat([]byte("c"), cookieSize)
	for name, b := range map[string][]byte{good: secret, short: secret[:10]} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{good: secret, short: nil, fifo: nil, filepath.Join(dir, "none"): nil} {
		t.Setenv("PULSE_COOKIE", name)
		c, err := Dial(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if want == nil {
			want = make([]byte, cookieSize)
		}
		if got := served().cookie; !bytes.Equal(got, want) {
			t.Errorf("%s: %q", filepath.Base(name), got)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	began := time.Now()
	if _, err := Dial(t.Context(), filepath.Join(t.TempDir(), "native")); err == nil || time.Since(began) > timeout {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
