package detect

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/detect/call"
	"heliograph/detect/pulse"
)

// pulseServer is the other end of a connection. Its lists are empty; it counts
// how often they are read, and sends what the test wants.
type pulseServer struct {
	conn    net.Conn
	writing sync.Mutex // one frame at a time

	mu       sync.Mutex
	readings int
	last     time.Time // reading
}

func (s *pulseServer) read() (readings int, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readings, s.last
}

// frame sends a command of numbers.
func (s *pulseServer) frame(numbers ...uint32) {
	b := make([]byte, 20, 64)
	binary.BigEndian.PutUint32(b, uint32(5*len(numbers)))
	binary.BigEndian.PutUint32(b[4:], 0xFFFFFFFF)
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(append(b, 'L'), n)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_, _ = s.conn.Write(b) // the client may have gone
}

// event reports a change of a recording.
func (s *pulseServer) event() { s.frame(66, 0xFFFFFFFF, 0x13, 5) }

func (s *pulseServer) serve() {
	for {
		b := make([]byte, 20)
		if _, err := io.ReadFull(s.conn, b); err != nil {
			return
		}
		b = make([]byte, binary.BigEndian.Uint32(b))
		if _, err := io.ReadFull(s.conn, b); err != nil {
			return
		}
		command, tag := binary.BigEndian.Uint32(b[1:]), binary.BigEndian.Uint32(b[6:])
		const reply, auth, setName, listSourceOutputs = 2, 8, 9, 32
		switch command {
		case auth:
			s.frame(reply, tag, 32)
			continue
		case setName:
			s.frame(reply, tag, 1)
			continue
		case listSourceOutputs:
			s.mu.Lock()
			s.readings++
			s.last = time.Now()
			s.mu.Unlock()
		}
		s.frame(reply, tag)
	}
}

// watchedServer returns a sound server, and the source that is connected to it.
func watchedServer(t *testing.T, wake func()) (*soundServer, *pulseServer) {
	t.Helper()
	ours, theirs := net.Pipe()
	s := &pulseServer{conn: theirs}
	go s.serve()
	conn, err := pulse.New(t.Context(), ours, call.PropertyKeys()...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newSoundServer(t.Context(), conn, wake)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, s
}

// A flood of changes causes some twenty readings a second, and the last change
// is read.
func TestFloodOfChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		notified := 0
		_, s := watchedServer(t, func() { notified++ })
		before, _ := s.read()
		const seconds, perSecond = 10, 5000
		tick := time.NewTicker(time.Second / perSecond)
		defer tick.Stop()
		for range seconds * perSecond {
			<-tick.C
			s.event()
		}
		end := time.Now()
		<-time.After(time.Second)
		synctest.Wait()
		n, last := s.read()
		n -= before
		t.Logf("%d changes in %d s: %d readings", seconds*perSecond, seconds, n)
		if most := int(readingBurst + seconds*time.Second/readingPause + 1); n > most || n < most/2 {
			t.Errorf("%d readings, at most %d are right", n, most)
		}
		if late := last.Sub(end); late < 0 || late > readingPause {
			t.Errorf("the last change is read after %v", late)
		}
		if notified != n {
			t.Errorf("%d readings were notified %d times", n, notified)
		}
	})
}

// The first changes after a pause are each read at once.
func TestChangesAreReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const burst = 5
		_, s := watchedServer(t, func() {})
		for range 3 {
			for i := range burst + 1 {
				before, _ := s.read()
				now := time.Now()
				s.event()
				want := time.Duration(0)
				if i == burst {
					want = readingPause
					<-time.After(readingPause)
				}
				synctest.Wait()
				if n, last := s.read(); n != before+1 || last.Sub(now) != want {
					t.Errorf("change %d: %d readings, after %v, want %v", i, n-before, last.Sub(now), want)
				}
			}
			<-time.After(readingPause * (burst + 1))
		}
	})
}

// The end of the connection is an error, which is notified once.
func TestSoundServerGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		notified := 0
		p, s := watchedServer(t, func() { notified++ })
		if _, err := p.sample(); err != nil {
			t.Fatal(err)
		}
		s.conn.Close()
		synctest.Wait()
		if _, err := p.sample(); err == nil || err.Error() != "the sound server went away" || notified != 1 {
			t.Errorf("notified %d times: %v", notified, err)
		}
	})
}
