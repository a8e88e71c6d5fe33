package detect

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"heliograph/detect/call"
	"heliograph/detect/kernel"
	"heliograph/detect/pulse"
)

// A flood of changes must not use up a processor: a reading costs about a
// millisecond, here and at the server. The first few changes are read at once,
// since a call begins with several (a stream, its state, the other direction).
// After that, one reading each 50 ms, which nobody notices beside the debounce
// of two seconds, keeps the load at a few percent.
const (
	readingPause = 50 * time.Millisecond
	readingBurst = 5
)

// soundServer lists streams at PulseAudio, or at PipeWire, which serves the same
// protocol. It subscribes, and lists only after a change.
//
// Source: https://www.freedesktop.org/software/pulseaudio/doxygen/subscribe.html
type soundServer struct {
	conn   *pulse.Conn
	cancel context.CancelFunc
	done   chan struct{}
	again  *time.Timer // lists anew; only follow and newSoundServer touch it

	mu      sync.Mutex
	err     error
	listing call.Listing
	result  soundResult
}

// openPulse connects to the user's own sound server; one across the network is
// not at this desk.
func openPulse(ctx context.Context, e env) (source, error) {
	path, err := pulse.Socket()
	if err != nil {
		return nil, err
	}
	conn, err := pulse.Dial(ctx, path, call.PropertyKeys()...)
	if err != nil {
		return nil, err
	}
	s, err := newSoundServer(ctx, conn, e.changed)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// newSoundServer watches a connection, which it owns from then on.
func newSoundServer(ctx context.Context, conn *pulse.Conn, changed func()) (*soundServer, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &soundServer{conn: conn, cancel: cancel, done: make(chan struct{}), again: time.NewTimer(time.Hour)}
	s.again.Stop()
	err := conn.Subscribe(ctx, pulse.MaskSourceOutput|pulse.MaskSinkInput)
	if err != nil {
		err = fmt.Errorf("the sound server does not report recordings: %w", err)
	} else {
		err = s.list(ctx)
	}
	if err != nil {
		cancel()
		conn.Close()
		return nil, err
	}
	go s.follow(ctx, changed)
	return s, nil
}

// follow lists anew after each change; a burst ends in one listing.
func (s *soundServer) follow(ctx context.Context, changed func()) {
	defer close(s.done)
	defer s.again.Stop()
	limit := rate.NewLimiter(rate.Every(readingPause), readingBurst)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.conn.Done():
			s.fail(s.conn.Err())
			changed()
			return
		case <-s.conn.Events():
		case <-s.again.C:
		}
		if limit.Wait(ctx) != nil {
			return
		}
		select {
		case <-s.conn.Events(): // this listing will show it
		default:
		}
		if err := s.list(ctx); err != nil {
			s.fail(err)
			changed()
			return
		}
		changed()
	}
}

func (s *soundServer) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// list asks for all streams, playback too: a program that drops its recording
// while it is muted is still in its call as long as it plays.
func (s *soundServer) list(ctx context.Context) error {
	l, err := s.ask(ctx)
	if err != nil {
		return err
	}
	var r soundResult
	r.captures, r.playbacks = l.Sounds(os.Getpid(), kernel.HostProc.FamilyOf)
	r.peers = s.peers(r.captures)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listing, s.result = l, r
	return nil
}

// Some programs play whenever they record, or record whenever they are open, so
// their streams are not evidence of a call. What counts instead is a UDP socket
// of the process that talks to the other side. The kernel's names of these
// processes:
//
//   - Firefox has a process for that alone; the rest of its network is in the
//     parent. Seen with Firefox ESR 153 (Debian): none while a page records,
//     several during an RTCPeerConnection;
//     https://firefox-source-docs.mozilla.org/networking/http/socket_process.html
//   - Mumble 1.3 records and plays as soon as it is open; its socket is made
//     when it connects to a server.
var peerProcesses = []string{"Socket Process", "mumble"}

// peerPoll is how often their sockets are looked for, only while such a program
// records or is connected: the system does not report new sockets.
const peerPoll = 2 * time.Second

// peers finds the processes that talk to the other side, if the streams alone
// are not evidence, and lists again after peerPoll.
func (s *soundServer) peers(captures []call.Sound) []call.Peer {
	needed := slices.ContainsFunc(s.result.peers, func(x call.Peer) bool { return x.Connected })
	for _, c := range captures {
		a, _ := call.Find(c.Names)
		needed = needed || (a.Duplex && !c.Corked && !c.Monitor && !c.Meter)
	}
	if !needed {
		return nil
	}
	s.again.Reset(peerPoll)
	var out []call.Peer
	for _, c := range kernel.HostProc.Connections(peerProcesses...) {
		out = append(out, call.Peer{Names: c.Names, Connected: c.UDP})
	}
	return out
}

// ask reads the lists of the server, except those that are not needed.
func (s *soundServer) ask(ctx context.Context) (call.Listing, error) {
	var l call.Listing
	outputs, err := s.conn.SourceOutputs(ctx)
	if err != nil {
		return l, fmt.Errorf("recordings cannot be listed: %w", err)
	}
	inputs, err := s.conn.SinkInputs(ctx)
	if err != nil {
		return l, fmt.Errorf("playback cannot be listed: %w", err)
	}
	sources, owners := map[uint32]pulse.Source{}, map[uint32]map[string]string{}
	if len(outputs) > 0 {
		list, err := s.conn.Sources(ctx)
		if err != nil {
			return l, fmt.Errorf("microphones cannot be listed: %w", err)
		}
		for _, source := range list {
			sources[source.Index] = source
		}
	}
	if len(outputs)+len(inputs) > 0 {
		list, err := s.conn.Clients(ctx)
		if err != nil {
			return l, fmt.Errorf("programs cannot be listed: %w", err)
		}
		for _, c := range list {
			owners[c.Index] = c.Properties
		}
	}
	for _, o := range outputs {
		from := sources[o.Device]
		l.Captures = append(l.Captures, call.Listed{Index: o.Index, Corked: o.Corked, Rate: o.Rate, Resample: o.Resample,
			Source: from.Name, Monitor: from.Monitor, Props: call.KeepProperties(o.Properties), Client: call.KeepProperties(owners[o.Client])})
	}
	for _, i := range inputs {
		l.Playbacks = append(l.Playbacks, call.Listed{Index: i.Index, Corked: i.Corked,
			Props: call.KeepProperties(i.Properties), Client: call.KeepProperties(owners[i.Client])})
	}
	return l, nil
}

func (s *soundServer) sample() (result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	return s.result, nil
}

func (s *soundServer) close() {
	s.cancel()
	s.conn.Close()
	<-s.done
}
