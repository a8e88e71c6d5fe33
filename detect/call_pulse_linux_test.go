package detect

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"heliograph/detect/pulse"
)

func text(kv ...string) map[string]string {
	p := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		p[kv[i]] = kv[i+1]
	}
	return p
}

// known is a family of one process.
func known(pid int, names ...string) families {
	return func(p int, binary string) []string {
		if p == pid {
			return slices.Clone(names)
		}
		return nil
	}
}

func TestStreamDecoding(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		name     string
		raw      pulseStream
		own, cli map[string]string
		family   families
		want     stream
	}{
		{"chromium", pulseStream{Rate: 48000}, text("application.name", "Chromium input", "application.process.id", "7", "application.process.binary", "chromium", "media.name", "RecordStream"), nil,
			known(7, "chromium"), stream{label: "Chromium input", pid: 7, names: []string{"chromium", "chromium"}}},
		{"native-pipewire", pulseStream{Rate: 48000}, text("media.name", "pw-record"), text("application.name", "pw-record", "pipewire.sec.pid", "9"),
			known(9, "pw-cat"), stream{label: "pw-record", pid: 9, names: []string{"pw-cat"}}},
		{"alsa", pulseStream{Rate: 44100}, text("application.name", "ALSA plug-in [audacity]", "application.process.id", "7"), nil,
			known(0), stream{label: "ALSA plug-in [audacity]", pid: 7, names: []string{"audacity"}}},
		{"alsa-unclosed", pulseStream{Rate: 44100}, text("application.name", "ALSA plug-in [a]b"), nil,
			known(0), stream{label: "ALSA plug-in [a]b", names: []string{"a]b"}}},
		{"flatpak-portal", pulseStream{Rate: 48000}, text("application.process.id", "2", "application.process.binary", "zoom"), text("pipewire.access.portal.app_id", "us.zoom.Zoom"),
			known(2, "kthreadd"), stream{pid: 2, names: []string{"us.zoom.Zoom", "zoom"}}},
		{"meter-25Hz", pulseStream{Rate: 25}, text("application.id", "org.PulseAudio.pavucontrol"), nil,
			known(0), stream{names: []string{"org.PulseAudio.pavucontrol"}, meter: true}},
		{"meter-peaks", pulseStream{Rate: 48000, Resample: "peaks"}, text("application.name", "x"), nil,
			known(0), stream{label: "x", meter: true}},
		{"meter-by-property", pulseStream{Rate: 48000}, text("application.name", "x", "resample.peaks", "true"), nil,
			known(0), stream{label: "x", meter: true}},
		{"meter-by-name", pulseStream{Rate: 48000}, text("application.name", "x", "media.name", "peak detect"), nil,
			known(0), stream{label: "x", meter: true}},
		{"rate-unknown-is-no-meter", pulseStream{}, text("application.name", "x"), nil, known(0), stream{label: "x"}},
		{"monitor", pulseStream{Rate: 48000, Monitor: true}, text("application.name", "x"), nil, known(0), stream{label: "x", monitor: true}},
		{"sink-capture", pulseStream{Rate: 48000}, text("application.name", "x", "stream.capture.sink", "true"), nil, known(0), stream{label: "x", monitor: true}},
		{"role", pulseStream{Rate: 48000}, text("application.name", "x", "media.role", "Notification"), nil, known(0), stream{label: "x", plumbing: true}},
		{"role-phone", pulseStream{Rate: 48000}, text("application.name", "x", "media.role", "phone"), nil, known(0), stream{label: "x"}},
		{"passive", pulseStream{Rate: 48000}, text("application.name", "rnnoise", "node.passive", "true"), nil, known(0), stream{label: "rnnoise", plumbing: true}},
		{"nobody", pulseStream{Rate: 48000}, nil, nil, known(0), stream{plumbing: true}},
		{"ours", pulseStream{Rate: 48000}, text("application.process.id", own), nil, known(0), stream{own: true, pid: os.Getpid()}},
		{"pid-negative", pulseStream{Rate: 48000}, text("application.process.id", "-3"), nil, known(0), stream{plumbing: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.raw.Props, c.raw.Client = readProps(c.own), readProps(c.cli)
			got, _ := pulseAnswer{Captures: []pulseStream{c.raw}}.decode(c.family)
			g := got[0]
			if !slices.Equal(g.names, c.want.names) {
				t.Errorf("names %q, want %q", g.names, c.want.names)
			}
			g.names, c.want.names = nil, nil
			if g.label != c.want.label || g.pid != c.want.pid || g.monitor != c.want.monitor || g.meter != c.want.meter || g.own != c.want.own || g.plumbing != c.want.plumbing {
				t.Errorf("got %+v, want %+v", g, c.want)
			}
		})
	}
}

// A title never goes further than the decoder.
func TestTitlesAreNotKept(t *testing.T) {
	got := readProps(text("media.name", "Salary talk - Mozilla Firefox", "window.name", "secret", "application.name", "Firefox", "media.title", "x"))
	if len(got) != 1 || got["application.name"] != "Firefox" {
		t.Errorf("kept %v", got)
	}
}

// soundServer is the other end of a connection: it lists nothing, counts the
// readings, and sends what the test wants.
type soundServer struct {
	conn    net.Conn
	writing sync.Mutex // one frame at a time

	mu       sync.Mutex
	readings int
	last     time.Time // reading
}

func (s *soundServer) read() (readings int, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readings, s.last
}

// frame sends a command of numbers.
func (s *soundServer) frame(numbers ...uint32) {
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

// event tells of a change of a recording.
func (s *soundServer) event() { s.frame(66, 0xFFFFFFFF, 0x13, 5) }

func (s *soundServer) serve() {
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

// watchedPulse is a backend at a server that the test plays.
func watchedPulse(t *testing.T, wake func()) (*pulseBackend, *soundServer) {
	t.Helper()
	ours, theirs := net.Pipe()
	s := &soundServer{conn: theirs}
	go s.serve()
	conn, err := pulse.New(t.Context(), ours, pulseKeys...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPulse(t.Context(), conn, wake)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, s
}

// A flood of changes ends in some twenty readings a second, and the last
// change is read.
func TestFloodOfChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		woken := 0
		_, s := watchedPulse(t, func() { woken++ })
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
		if woken != n {
			t.Errorf("%d readings woke %d times", n, woken)
		}
	})
}

// The first changes after a while are read at once, one by one.
func TestChangesAreReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const burst = 5
		_, s := watchedPulse(t, func() {})
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

// The end of the connection is an error that the watcher is woken for.
func TestSoundServerGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		woken := 0
		p, s := watchedPulse(t, func() { woken++ })
		if _, err := p.sample(); err != nil {
			t.Fatal(err)
		}
		s.conn.Close()
		synctest.Wait()
		if _, err := p.sample(); err == nil || err.Error() != "the sound server went away" || woken != 1 {
			t.Errorf("woken %d times: %v", woken, err)
		}
	})
}
