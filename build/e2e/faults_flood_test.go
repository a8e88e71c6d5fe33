//go:build linux

package e2e

import (
	bigendian "encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heliograph/build/lab"
	"heliograph/build/wait"
)

// floodingServer is a sound server without streams, which reports changes as fast
// as it is asked to.
type floodingServer struct {
	mu        sync.Mutex // of writing
	conn      net.Conn   // nil: nobody is connected
	connected atomic.Bool
}

// serve answers the requests of one client.
func (s *floodingServer) serve(conn net.Conn) {
	const reply, auth, setName = 2, 8, 9
	for {
		header := make([]byte, 20)
		if _, err := io.ReadFull(conn, header); err != nil {
			return
		}
		body := make([]byte, bigendian.BigEndian.Uint32(header))
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		command, tag := bigendian.BigEndian.Uint32(body[1:]), bigendian.BigEndian.Uint32(body[6:])
		switch command {
		case auth:
			s.send(conn, reply, tag, 32)
		case setName:
			s.send(conn, reply, tag, 1)
		default:
			s.send(conn, reply, tag)
			s.connected.Store(true)
		}
	}
}

// send writes a frame of numbers.
func (s *floodingServer) send(conn net.Conn, numbers ...uint32) {
	b := make([]byte, 20, 64)
	bigendian.BigEndian.PutUint32(b, uint32(5*len(numbers)))
	bigendian.BigEndian.PutUint32(b[4:], 0xFFFFFFFF)
	for _, n := range numbers {
		b = bigendian.BigEndian.AppendUint32(append(b, 'L'), n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = conn
	_, _ = conn.Write(b) // the client may have gone
}

// flood reports changes for d, and returns how many.
func (s *floodingServer) flood(d time.Duration) (n int) {
	const perSecond = 5000
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-tick.C {
		for range perSecond / 100 {
			s.send(s.conn, 66, 0xFFFFFFFF, 0x13, 5)
			n++
		}
	}
	return n
}

// cpuTime returns how much processor time a process has used.
func cpuTime(t *testing.T, p *lab.Process) time.Duration {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	ticks := 0
	for _, f := range fields[11:13] { // utime and stime, of proc(5)
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

// TestFloodOfSoundEventsCostsLittle compares a sound server that reports 5,000
// changes a second with the same one at rest, in the same run.
func TestFloodOfSoundEventsCostsLittle(t *testing.T) {
	dir := runtimeDir(t)
	socket := filepath.Join(dir, "native")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	server := &floodingServer{}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go server.serve(conn)
		}
	}()
	t.Setenv("PULSE_SERVER", "unix:"+socket)
	p := newPerson(t, "1h")
	app := p.Command("run")
	wait.Until(t, "it is connected", server.connected.Load)
	const span = 3 * time.Second
	runs := func() bool { return !app.Ended() }
	wait.During(t, span/3, "it starts", runs)
	began := cpuTime(t, app)
	wait.During(t, span, "it rests", runs)
	idle := cpuTime(t, app) - began
	began = cpuTime(t, app)
	n := server.flood(span)
	flooded := cpuTime(t, app) - began
	t.Logf("%v of processor time in %v at rest, %v with %d events", idle, span, flooded, n)
	// Reported before: 80 % of a processor. Reading and dropping the events is
	// what is left; a tenth of a processor is more than that takes here.
	if most := span / 10; flooded-idle > most {
		t.Errorf("the flood costs %v", flooded-idle)
	}
	app.Stop()
}
