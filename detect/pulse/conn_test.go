package pulse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A server may be older than what is announced, but not too old.
func TestVersionsOfServers(t *testing.T) {
	for announced, want := range map[uint32]uint32{minVersion: minVersion, 21: 21, version: version, 35: version, 0xFFFF: version} {
		if c := piped(t, &server{version: announced}); c.version != want {
			t.Errorf("a server of version %d: %d, want %d", announced, c.version, want)
		}
	}
	for _, announced := range []uint32{8, minVersion - 1, 1 << 16} {
		if _, err := greeted(t, &server{version: announced}); err == nil || !strings.Contains(err.Error(), "too old") {
			t.Errorf("a server of version %d: %v", announced, err)
		}
	}
}

// Lists are read by the version that was agreed on.
func TestListsOfAnOlderServer(t *testing.T) {
	c := piped(t, &server{version: 20, handle: func(s *server, _, tag uint32) { s.reply(tag, sample(1, 20)) }})
	list, err := c.SinkInputs(t.Context())
	if err != nil || len(list) != 1 || !list[0].Corked || list[0].Properties["application.name"] != "Zoom" {
		t.Errorf("%+v, %v", list, err)
	}
}

// What is not for us is ignored: sound, shared memory, unknown commands,
// replies to requests that were given up.
func TestOtherFramesArePassedOver(t *testing.T) {
	c := piped(t, &server{handle: func(s *server, command, tag uint32) {
		sound := make([]byte, 100_000)
		s.write(header(uint32(len(sound)), 5, 0), sound)
		s.write(header(0, commandChannel, 1<<30)) // release of shared memory
		s.write(frame(79, noIndex, []byte("fNonsense")))
		s.write(frame(commandReply, tag+1, []byte("nonsense")))
		s.write(frame(commandError, tag+1, []byte("nonsense")))
		s.write(frame(commandReply, tag-1, []byte("nonsense")))
		s.reply(tag, sample(3, version))
	}})
	list, err := c.Clients(t.Context())
	if err != nil || len(list) != 1 || list[0].Index != 3 {
		t.Errorf("%+v, %v", list, err)
	}
}

// An error that the server reports is that of one request; the connection
// lives on.
func TestRefusedRequest(t *testing.T) {
	c := piped(t, &server{handle: func(s *server, command, tag uint32) {
		if command == commandListClients {
			s.write(frame(commandError, tag, appendUint32(nil, 1)))
			return
		}
		s.reply(tag, nil)
	}})
	if _, err := c.Clients(t.Context()); err == nil || err.Error() != "access is denied" {
		t.Errorf("got %v", err)
	}
	if list, err := c.Sources(t.Context()); err != nil || len(list) != 0 || c.Err() != nil {
		t.Errorf("afterwards: %v, %v, %v", list, err, c.Err())
	}
}

func TestEventsLeaveOneValue(t *testing.T) {
	event := frame(commandSubscribeEvent, noIndex, appendUint32(appendUint32(nil, 0x13), 5))
	c := piped(t, &server{handle: func(s *server, _, tag uint32) {
		for range 1000 {
			s.write(event)
		}
		s.reply(tag, nil)
	}})
	if err := c.Subscribe(t.Context(), MaskSinkInput|MaskSourceOutput); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Sources(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-c.Events()
	select {
	case <-c.Events():
		t.Error("a second value")
	default:
	}
}

func TestMoreThanTheReply(t *testing.T) {
	c := piped(t, &server{subscribed: appendUint32(nil, 1)})
	if err := c.Subscribe(t.Context(), MaskSinkInput); err == nil || !strings.Contains(err.Error(), "5 bytes follow the last value") {
		t.Errorf("got %v", err)
	}
}

// A server that is silent, or takes no request, fails a request at its
// deadline, and Close does not wait for it.
func TestSilentServer(t *testing.T) {
	for _, c := range []struct {
		name   string
		handle func(s *server, command, tag uint32)
	}{
		{"no reply", func(*server, uint32, uint32) {}},
		{"half a header", func(s *server, _, tag uint32) { s.write(replyHeader(tag, 100)[:7]) }},
		{"half a reply", func(s *server, _, tag uint32) { s.write(replyHeader(tag, 100), appendUint32(nil, 1)) }},
		{"half a text", func(s *server, _, tag uint32) { s.write(replyHeader(tag, 1<<20), appendUint32(nil, 1), []byte("tx")) }},
		{"half a value", func(s *server, _, tag uint32) {
			b := clientBody(version, "x", textProperty("application.name", "Zoom"))
			s.write(replyHeader(tag, uint32(len(b))), b[:len(b)-3])
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := false
			client := piped(t, &server{handle: func(s *server, command, tag uint32) {
				if !asked {
					asked = true
					c.handle(s, command, tag)
				}
			}})
			began := time.Now()
			if _, err := client.Clients(t.Context()); !errors.Is(err, errSilent) || time.Since(began) != timeout {
				t.Errorf("%s: %v after %v", c.name, err, time.Since(began))
			}
			if client.Err() != nil {
				t.Errorf("%s: the connection has ended: %v", c.name, client.Err())
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if _, err := client.Clients(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: the caller's deadline: %v", c.name, err)
			}
			client.Close()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		began := time.Now()
		if _, err := New(t.Context(), ours); !errors.Is(err, errGone) || time.Since(began) != timeout {
			t.Errorf("a server that reads nothing: %v after %v", err, time.Since(began))
		}
	})
}

// A reply that is late belongs to no request.
func TestLateReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late uint32
		c := piped(t, &server{handle: func(s *server, _, tag uint32) {
			if late == 0 {
				late = tag
				return
			}
			s.reply(late, []byte("nonsense"))
			s.reply(tag, sample(3, version))
		}})
		if _, err := c.Clients(t.Context()); err == nil {
			t.Fatal("a reply to the first")
		}
		if list, err := c.Clients(t.Context()); err != nil || len(list) != 1 {
			t.Errorf("%v, %v", list, err)
		}
	})
}

// A fault of a decoder ends the connection, not the program.
func TestPanicInADecoder(t *testing.T) {
	c := piped(t, &server{})
	err := c.request(t.Context(), commandListClients, nil, func(d *decoder) { _ = []int{}[d.left] })
	if err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("got %v", err)
	}
	<-c.Done()
	if c.Err() == nil || c.Err().Error() != err.Error() {
		t.Errorf("the connection's error is %v", c.Err())
	}
	c.Close()
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, &server{handle: func(*server, uint32, uint32) {}})
		waiting := make(chan error, 1)
		go func() {
			_, err := c.Clients(t.Context())
			waiting <- err
		}()
		synctest.Wait()
		closed := make(chan struct{}, 2)
		for range 2 {
			go func() { c.Close(); closed <- struct{}{} }()
		}
		<-closed
		<-closed
		if err := <-waiting; err == nil || !strings.Contains(err.Error(), "is closed") {
			t.Errorf("the request that waited: %v", err)
		}
		if _, err := c.Sources(t.Context()); err == nil || !strings.Contains(err.Error(), "is closed") {
			t.Errorf("a later request: %v", err)
		}
		select {
		case <-c.Done():
		default:
			t.Error("not done")
		}
	})
}

// FuzzFrames reads any bytes as a connection, while requests wait: no panic,
// and nothing kept beyond the limits.
func FuzzFrames(f *testing.F) {
	names := slices.Collect(func(yield func(string) bool) {
		for _, k := range kinds {
			if !yield(k.name) {
				return
			}
		}
	})
	for name, body := range recorded(f) {
		tag := uint32(slices.Index(names, path.Base(name)))
		f.Add(frame(commandReply, tag, body))
	}
	var many []byte
	for i := range kinds {
		many = append(many, frame(commandSubscribeEvent, noIndex, appendUint32(appendUint32(nil, 0x13), 5))...)
		many = append(many, append(header(3, 5, 0), 1, 2, 3)...)
		many = append(many, frame(commandReply, uint32(i), sample(i, version))...)
		many = append(many, frame(commandError, uint32(i), appendUint32(nil, 1))...)
	}
	f.Add(many)
	f.Fuzz(func(t *testing.T, stream []byte) {
		c := newConn(nil, wanted)
		c.r = bufio.NewReader(bytes.NewReader(stream))
		c.version = version
		for i, k := range kinds {
			c.calls[uint32(i)] = &call{done: make(chan error, 1), decode: func(d *decoder) {
				d.version, d.keep, d.what = c.version, c.keep, k.name
				checkKept(t, k.decode(d))
			}}
		}
		frames := 0
		for c.readFrame() == nil {
			frames++
		}
		if frames > len(stream)/headerSize {
			t.Errorf("%d frames in %d bytes", frames, len(stream))
		}
	})
}
